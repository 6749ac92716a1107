using SoftPromptGrpc.Core.Training.Methods;
using static TorchSharp.torch;

namespace SoftPromptGrpc.Backends.Torch.Training.Methods;

/// <summary>Keeps virtual tokens near the tokens of a text (<see cref="Waywardness"/>).</summary>
internal sealed class WaywardPenalty(Waywardness settings, IPromptedModel model)
{
    /// <returns>A scalar to add to the loss.</returns>
    public Tensor Of(Preamble preamble)
    {
        using var scope = NewDisposeScope();
        var rows = ((RowPreamble)preamble).Rows;
        var text = model.Embed(RepeatedText.Of(settings.Text, (int)rows.shape[0], model.Device));
        return (settings.Gamma / rows.shape[0] * (rows - text).square().sum()).MoveToOuterDisposeScope();
    }
}
