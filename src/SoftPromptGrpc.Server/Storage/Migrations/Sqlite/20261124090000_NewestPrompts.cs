using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SoftPromptGrpc.Server.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class NewestPrompts : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_StoredLabel_Key_Value",
                table: "StoredLabel");

            migrationBuilder.AddColumn<int>(
                name: "Standing",
                table: "Prompts",
                type: "INTEGER",
                nullable: false,
                defaultValue: 2);

            migrationBuilder.Sql("UPDATE \"Prompts\" SET \"Standing\" = 3 WHERE \"DeleteTime\" IS NOT NULL");
            migrationBuilder.Sql(
                """
                UPDATE "Prompts" SET "Standing" = 1 WHERE "DeleteTime" IS NULL AND NOT EXISTS (
                    SELECT 1 FROM "Prompts" AS "o"
                    WHERE "o"."Name" = "Prompts"."Name" AND "o"."Version" > "Prompts"."Version" AND "o"."DeleteTime" IS NULL)
                """);

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_DeleteTime_CreateTime",
                table: "Prompts",
                columns: new[] { "DeleteTime", "CreateTime" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Standing_CreateTime",
                table: "Prompts",
                columns: new[] { "Standing", "CreateTime" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Standing_Version",
                table: "Prompts",
                columns: new[] { "Standing", "Version" });

            migrationBuilder.CreateIndex(
                name: "IX_Prompts_Standing_Name_ModelId_Method",
                table: "Prompts",
                columns: new[] { "Standing", "Name", "ModelId", "Method" });

            migrationBuilder.CreateIndex(
                name: "IX_StoredLabel_Key_Value_PromptId",
                table: "StoredLabel",
                columns: new[] { "Key", "Value", "PromptId" });
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropIndex(
                name: "IX_Prompts_DeleteTime_CreateTime",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Standing_CreateTime",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Standing_Version",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_Prompts_Standing_Name_ModelId_Method",
                table: "Prompts");

            migrationBuilder.DropIndex(
                name: "IX_StoredLabel_Key_Value_PromptId",
                table: "StoredLabel");

            migrationBuilder.DropColumn(
                name: "Standing",
                table: "Prompts");

            migrationBuilder.CreateIndex(
                name: "IX_StoredLabel_Key_Value",
                table: "StoredLabel",
                columns: new[] { "Key", "Value" });
        }
    }
}
