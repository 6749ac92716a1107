using Microsoft.EntityFrameworkCore.Migrations;
using Npgsql.EntityFrameworkCore.PostgreSQL.Metadata;

#nullable disable

namespace SoftPromptGrpc.Server.Storage.Migrations.Postgres
{
    /// <inheritdoc />
    public partial class Initial : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.CreateTable(
                name: "Jobs",
                columns: table => new
                {
                    Number = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    Id = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    RequestId = table.Column<string>(type: "text", nullable: true, collation: "C"),
                    State = table.Column<int>(type: "integer", nullable: false),
                    ModelId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PromptName = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Priority = table.Column<int>(type: "integer", nullable: false),
                    Spec = table.Column<byte[]>(type: "bytea", nullable: false),
                    Report = table.Column<byte[]>(type: "bytea", nullable: false),
                    Resume = table.Column<byte[]>(type: "bytea", nullable: true),
                    CreateTime = table.Column<long>(type: "bigint", nullable: false),
                    StartTime = table.Column<long>(type: "bigint", nullable: true),
                    EndTime = table.Column<long>(type: "bigint", nullable: true),
                    TrainingTime = table.Column<long>(type: "bigint", nullable: false),
                    Step = table.Column<int>(type: "integer", nullable: false),
                    TotalSteps = table.Column<int>(type: "integer", nullable: false),
                    LastSequence = table.Column<long>(type: "bigint", nullable: false),
                    Attempts = table.Column<int>(type: "integer", nullable: false),
                    Crashes = table.Column<int>(type: "integer", nullable: false),
                    CancelRequested = table.Column<bool>(type: "boolean", nullable: false),
                    Result = table.Column<byte[]>(type: "bytea", nullable: true),
                    Failure = table.Column<byte[]>(type: "bytea", nullable: true),
                    Tenant = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Jobs", x => x.Number);
                });

            migrationBuilder.CreateTable(
                name: "Names",
                columns: table => new
                {
                    Tenant = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    LastVersion = table.Column<int>(type: "integer", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Names", x => new { x.Tenant, x.Name });
                });

            migrationBuilder.CreateTable(
                name: "Tensors",
                columns: table => new
                {
                    ContentHash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Values = table.Column<byte[]>(type: "bytea", nullable: false)
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Tensors", x => x.ContentHash);
                });

            migrationBuilder.CreateTable(
                name: "Checkpoints",
                columns: table => new
                {
                    JobNumber = table.Column<long>(type: "bigint", nullable: false),
                    Step = table.Column<int>(type: "integer", nullable: false),
                    State = table.Column<byte[]>(type: "bytea", nullable: false),
                    Tenant = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Checkpoints", x => x.JobNumber);
                    table.ForeignKey(
                        name: "FK_Checkpoints_Jobs_JobNumber",
                        column: x => x.JobNumber,
                        principalTable: "Jobs",
                        principalColumn: "Number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "Events",
                columns: table => new
                {
                    JobNumber = table.Column<long>(type: "bigint", nullable: false),
                    Sequence = table.Column<long>(type: "bigint", nullable: false),
                    Body = table.Column<byte[]>(type: "bytea", nullable: false),
                    Tenant = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Events", x => new { x.JobNumber, x.Sequence });
                    table.ForeignKey(
                        name: "FK_Events_Jobs_JobNumber",
                        column: x => x.JobNumber,
                        principalTable: "Jobs",
                        principalColumn: "Number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "JobRequests",
                columns: table => new
                {
                    JobNumber = table.Column<long>(type: "bigint", nullable: false),
                    Spec = table.Column<byte[]>(type: "bytea", nullable: false),
                    Tenant = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_JobRequests", x => x.JobNumber);
                    table.ForeignKey(
                        name: "FK_JobRequests_Jobs_JobNumber",
                        column: x => x.JobNumber,
                        principalTable: "Jobs",
                        principalColumn: "Number",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "Prompts",
                columns: table => new
                {
                    Id = table.Column<long>(type: "bigint", nullable: false)
                        .Annotation("Npgsql:ValueGenerationStrategy", NpgsqlValueGenerationStrategy.IdentityByDefaultColumn),
                    Name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Version = table.Column<int>(type: "integer", nullable: false),
                    ModelId = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    ModelFingerprint = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Method = table.Column<int>(type: "integer", nullable: false),
                    VirtualTokens = table.Column<int>(type: "integer", nullable: false),
                    HiddenSize = table.Column<int>(type: "integer", nullable: false),
                    Shape = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    ContentHash = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Template = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Description = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Lineage = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    CreateTime = table.Column<long>(type: "bigint", nullable: false),
                    DeleteTime = table.Column<long>(type: "bigint", nullable: true),
                    Standing = table.Column<int>(type: "integer", nullable: false),
                    Revision = table.Column<int>(type: "integer", nullable: false),
                    Tenant = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Prompts", x => x.Id);
                    table.ForeignKey(
                        name: "FK_Prompts_Tensors_ContentHash",
                        column: x => x.ContentHash,
                        principalTable: "Tensors",
                        principalColumn: "ContentHash",
                        onDelete: ReferentialAction.Restrict);
                });

            migrationBuilder.CreateTable(
                name: "Aliases",
                columns: table => new
                {
                    Tenant = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Name = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Alias = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    PromptId = table.Column<long>(type: "bigint", nullable: false)
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

            migrationBuilder.CreateTable(
                name: "StoredLabel",
                columns: table => new
                {
                    PromptId = table.Column<long>(type: "bigint", nullable: false),
                    Key = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Value = table.Column<string>(type: "text", nullable: false, collation: "C"),
                    Tenant = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_StoredLabel", x => new { x.PromptId, x.Key });
                    table.ForeignKey(
                        name: "FK_StoredLabel_Prompts_PromptId",
                        column: x => x.PromptId,
                        principalTable: "Prompts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateTable(
                name: "Trainables",
                columns: table => new
                {
                    PromptId = table.Column<long>(type: "bigint", nullable: false),
                    Content = table.Column<byte[]>(type: "bytea", nullable: false),
                    Tenant = table.Column<string>(type: "text", nullable: false, collation: "C")
                },
                constraints: table =>
                {
                    table.PrimaryKey("PK_Trainables", x => x.PromptId);
                    table.ForeignKey(
                        name: "FK_Trainables_Prompts_PromptId",
                        column: x => x.PromptId,
                        principalTable: "Prompts",
                        principalColumn: "Id",
                        onDelete: ReferentialAction.Cascade);
                });

            migrationBuilder.CreateIndex(
                name: "IX_Aliases_PromptId",
                table: "Aliases",
                column: "PromptId");

            migrationBuilder.CreateIndex(
                name: "IX_Jobs_State_Priority_Number",
                table: "Jobs",
                columns: new[] { "State", "Priority", "Number" });

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

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_ContentHash",
                table: "Prompts",
                column: "ContentHash");

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
                name: "IX_StoredLabel_Key_Value_Tenant_PromptId",
                table: "StoredLabel",
                columns: new[] { "Key", "Value", "Tenant", "PromptId" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "Aliases");

            migrationBuilder.DropTable(
                name: "Checkpoints");

            migrationBuilder.DropTable(
                name: "Events");

            migrationBuilder.DropTable(
                name: "JobRequests");

            migrationBuilder.DropTable(
                name: "Names");

            migrationBuilder.DropTable(
                name: "StoredLabel");

            migrationBuilder.DropTable(
                name: "Trainables");

            migrationBuilder.DropTable(
                name: "Jobs");

            migrationBuilder.DropTable(
                name: "Prompts");

            migrationBuilder.DropTable(
                name: "Tensors");
        }
    }
}
