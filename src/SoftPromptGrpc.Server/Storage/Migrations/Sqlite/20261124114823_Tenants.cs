using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SoftPromptGrpc.Server.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class Tenants : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_StoredLabel_Key_Value_PromptId",
                table: "StoredLabel");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_CreateTime",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_DeleteTime_CreateTime",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Name_Version",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Standing_CreateTime",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Standing_Name_ModelId_Method",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Standing_Version",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Jobs_Id",
                table: "Jobs");

            migrationBuilder.DropIndex(
                name: "IX_Jobs_RequestId",
                table: "Jobs");

            migrationBuilder.AddColumn<string>(
                name: "Tenant",
                table: "Trainables",
                type: "TEXT",
                nullable: false,
                defaultValue: "default");

            migrationBuilder.AddColumn<string>(
                name: "Tenant",
                table: "StoredLabel",
                type: "TEXT",
                nullable: false,
                defaultValue: "default");

            migrationBuilder.AddColumn<string>(
                name: "Tenant",
                table: "Prompts",
                type: "TEXT",
                nullable: false,
                defaultValue: "default");

            migrationBuilder.AddColumn<string>(
                name: "Tenant",
                table: "Jobs",
                type: "TEXT",
                nullable: false,
                defaultValue: "default");

            migrationBuilder.AddColumn<string>(
                name: "Tenant",
                table: "JobRequests",
                type: "TEXT",
                nullable: false,
                defaultValue: "default");

            migrationBuilder.AddColumn<string>(
                name: "Tenant",
                table: "Events",
                type: "TEXT",
                nullable: false,
                defaultValue: "default");

            migrationBuilder.AddColumn<string>(
                name: "Tenant",
                table: "Checkpoints",
                type: "TEXT",
                nullable: false,
                defaultValue: "default");

            Rekey(migrationBuilder);

            migrationBuilder.CreateIndex(
                name: "IX_StoredLabel_Key_Value_Tenant_PromptId",
                table: "StoredLabel",
                columns: new[] { "Key", "Value", "Tenant", "PromptId" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_DeleteTime",
                table: "Prompts",
                column: "DeleteTime");

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Tenant_CreateTime",
                table: "Prompts",
                columns: new[] { "Tenant", "CreateTime" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Tenant_DeleteTime_CreateTime",
                table: "Prompts",
                columns: new[] { "Tenant", "DeleteTime", "CreateTime" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Tenant_Name_Version",
                table: "Prompts",
                columns: new[] { "Tenant", "Name", "Version" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Tenant_Standing_CreateTime",
                table: "Prompts",
                columns: new[] { "Tenant", "Standing", "CreateTime" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Tenant_Standing_Name_ModelId_Method",
                table: "Prompts",
                columns: new[] { "Tenant", "Standing", "Name", "ModelId", "Method" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Tenant_Standing_Version",
                table: "Prompts",
                columns: new[] { "Tenant", "Standing", "Version" });

            migrationBuilder.CreateIndex(
                name: "IX_Jobs_Tenant_Id",
                table: "Jobs",
                columns: new[] { "Tenant", "Id" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Jobs_Tenant_Number",
                table: "Jobs",
                columns: new[] { "Tenant", "Number" });

            migrationBuilder.CreateIndex(
                name: "IX_Jobs_Tenant_RequestId",
                table: "Jobs",
                columns: new[] { "Tenant", "RequestId" },
                unique: true);
        }

        // A key cannot be altered in place; nothing refers to these two, so that all stays in one transaction.
        private static void Rekey(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Aliases_PromptId",
                table: "Aliases");

            migrationBuilder.RenameTable(name: "Names", newName: "OldNames");
            migrationBuilder.RenameTable(name: "Aliases", newName: "OldAliases");

            migrationBuilder.CreateTable(
                name: "Names",
                columns: table => new
                {
                    Tenant = table.Column<string>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    LastVersion = table.Column<int>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Names", x => new { x.Tenant, x.Name });
                });

            migrationBuilder.CreateTable(
                name: "Aliases",
                columns: table => new
                {
                    Tenant = table.Column<string>(type: "TEXT", nullable: false),
                    Name = table.Column<string>(type: "TEXT", nullable: false),
                    Alias = table.Column<string>(type: "TEXT", nullable: false),
                    PromptId = table.Column<long>(type: "INTEGER", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Aliases", x => new { x.Tenant, x.Name, x.Alias });
                    table.ForeignKey(
                        name: "FK_Aliases_Prompts_PromptId",
                        column: x => x.PromptId,
                        principalTable: "Prompts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.Sql("INSERT INTO \"Names\" SELECT 'default', \"Name\", \"LastVersion\" FROM \"OldNames\"");
            migrationBuilder.Sql("INSERT INTO \"Aliases\" SELECT 'default', \"Name\", \"Alias\", \"PromptId\" FROM \"OldAliases\"");

            migrationBuilder.DropTable(name: "OldNames");
            migrationBuilder.DropTable(name: "OldAliases");

            migrationBuilder.CreateIndex(
                name: "IX_Aliases_PromptId",
                table: "Aliases",
                column: "PromptId");
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_StoredLabel_Key_Value_Tenant_PromptId",
                table: "StoredLabel");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_DeleteTime",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Tenant_CreateTime",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Tenant_DeleteTime_CreateTime",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Tenant_Name_Version",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Tenant_Standing_CreateTime",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Tenant_Standing_Name_ModelId_Method",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Tenant_Standing_Version",
                table: "Prompts");

            migrationBuilder.DropPrimaryKey(
                name: "PK_Names",
                table: "Names");

            migrationBuilder.DropIndex(
                name: "IX_Jobs_Tenant_Id",
                table: "Jobs");

            migrationBuilder.DropIndex(
                name: "IX_Jobs_Tenant_Number",
                table: "Jobs");

            migrationBuilder.DropIndex(
                name: "IX_Jobs_Tenant_RequestId",
                table: "Jobs");

            migrationBuilder.DropPrimaryKey(
                name: "PK_Aliases",
                table: "Aliases");

            migrationBuilder.DropColumn(
                name: "Tenant",
                table: "Trainables");

            migrationBuilder.DropColumn(
                name: "Tenant",
                table: "StoredLabel");

            migrationBuilder.DropColumn(
                name: "Tenant",
                table: "Prompts");

            migrationBuilder.DropColumn(
                name: "Tenant",
                table: "Names");

            migrationBuilder.DropColumn(
                name: "Tenant",
                table: "Jobs");

            migrationBuilder.DropColumn(
                name: "Tenant",
                table: "JobRequests");

            migrationBuilder.DropColumn(
                name: "Tenant",
                table: "Events");

            migrationBuilder.DropColumn(
                name: "Tenant",
                table: "Checkpoints");

            migrationBuilder.DropColumn(
                name: "Tenant",
                table: "Aliases");

            migrationBuilder.AddPrimaryKey(
                name: "PK_Names",
                table: "Names",
                column: "Name");

            migrationBuilder.AddPrimaryKey(
                name: "PK_Aliases",
                table: "Aliases",
                columns: new[] { "Name", "Alias" });

            migrationBuilder.CreateIndex(
                name: "IX_StoredLabel_Key_Value_PromptId",
                table: "StoredLabel",
                columns: new[] { "Key", "Value", "PromptId" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_CreateTime",
                table: "Prompts",
                column: "CreateTime");

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_DeleteTime_CreateTime",
                table: "Prompts",
                columns: new[] { "DeleteTime", "CreateTime" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Name_Version",
                table: "Prompts",
                columns: new[] { "Name", "Version" },
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Standing_CreateTime",
                table: "Prompts",
                columns: new[] { "Standing", "CreateTime" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Standing_Name_ModelId_Method",
                table: "Prompts",
                columns: new[] { "Standing", "Name", "ModelId", "Method" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Standing_Version",
                table: "Prompts",
                columns: new[] { "Standing", "Version" });

            migrationBuilder.CreateIndex(
                name: "IX_Jobs_Id",
                table: "Jobs",
                column: "Id",
                unique: true);

            migrationBuilder.CreateIndex(
                name: "IX_Jobs_RequestId",
                table: "Jobs",
                column: "RequestId",
                unique: true);
        }
    }
}
