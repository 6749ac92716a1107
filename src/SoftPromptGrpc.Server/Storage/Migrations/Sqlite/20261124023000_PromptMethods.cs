using Microsoft.EntityFrameworkCore.Migrations;

#nullable disable

namespace SoftPromptGrpc.Server.Storage.Migrations.Sqlite
{
    /// <inheritdoc />
    public partial class PromptMethods : Migration
    {
        /// <inheritdoc />
        protected override void Up(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.AddColumn<string>(
                name: "Shape",
                table: "Prompts",
                type: "TEXT",
                nullable: false,
                defaultValue: "");

            migrationBuilder.Sql("UPDATE \"Prompts\" SET \"Shape\" = \"VirtualTokens\" || 'x' || \"HiddenSize\"");

            migrationBuilder.CreateTable(
                name: "Trainables",
                columns: table => new
                {
                    PromptId = table.Column<long>(type: "INTEGER", nullable: false),
                    Content = table.Column<byte[]>(type: "BLOB", nullable: false)
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
        }

        /// <inheritdoc />
        protected override void Down(MigrationBuilder migrationBuilder)
        {
            migrationBuilder.DropTable(
                name: "Trainables");

            migrationBuilder.DropColumn(
                name: "Shape",
                table: "Prompts");
        }
    }
}
