using System.Text;
using System.Text.Json;
using SoftPromptGrpc.Core;
using SoftPromptGrpc.Core.Models;
using SoftPromptGrpc.ModelFormats.Tokenizers.AddedTokens;
using SoftPromptGrpc.ModelFormats.Tokenizers.Decoders;
using SoftPromptGrpc.ModelFormats.Tokenizers.Normalizers;
using SoftPromptGrpc.ModelFormats.Tokenizers.PostProcessors;
using SoftPromptGrpc.ModelFormats.Tokenizers.PreTokenizers;
using SoftPromptGrpc.ModelFormats.Tokenizers.Text;
using SoftPromptGrpc.ModelFormats.Tokenizers.TokenModels;

namespace SoftPromptGrpc.ModelFormats.Tokenizers;

/// <summary>A tokenizer of Hugging Face's tokenizers library: tokenizer.json, and tokenizer_config.json for BOS and EOS.</summary>
public sealed class HfTokenizer : ITokenizer
{
    private const string TokenizerName = "tokenizer.json";
    private const string ConfigName = "tokenizer_config.json";

    private readonly Normalizer? _normalizer;
    private readonly PreTokenizer? _preTokenizer;
    private readonly TokenModel _model;
    private readonly AddedVocabulary _added;
    private readonly SpecialTokenFrame _frame;
    private readonly StageFactory _decoder;

    private HfTokenizer(TokenizerSection root, TokenizerSection? config)
    {
        _normalizer = root.Find("normalizer") is { } normalizer ? Normalizer.Create(normalizer) : null;
        _preTokenizer = root.Find("pre_tokenizer") is { } preTokenizer ? PreTokenizer.Create(preTokenizer) : null;
        _model = TokenModel.Create(root["model"]);
        _added = AddedVocabulary.Read(root.Find("added_tokens"), _model.Vocabulary, _normalizer);
        _frame = root.Find("post_processor") is { } postProcessor ? SpecialTokenFrame.Read(postProcessor) : SpecialTokenFrame.None;
        _decoder = root.Find("decoder") is { } decoder ? DecoderPipeline.Read(decoder) : next => new SpacedStage(next);
        BeginningOfSequence = IdOf(config?.Find("bos_token"));
        EndOfSequence = IdOf(config?.Find("eos_token"));
    }

    public int VocabularySize => Math.Max(_model.Vocabulary.Size, _added.Size);

    public int? BeginningOfSequence { get; }

    public int? EndOfSequence { get; }

    /// <summary>Reads tokenizer.json, and tokenizer_config.json if it is there; null if the directory has no tokenizer.json.</summary>
    /// <exception cref="SoftPromptException">
    /// <see cref="ErrorKind.Corrupt"/>, or <see cref="ErrorKind.Unsupported"/> naming the component.
    /// </exception>
    public static HfTokenizer? Load(string directory)
    {
        var (tokenizerPath, configPath) = (Path.Combine(directory, TokenizerName), Path.Combine(directory, ConfigName));
        if (!File.Exists(tokenizerPath))
            return null;
        using var tokenizer = BoundedJson.ReadFile(tokenizerPath);
        using var config = File.Exists(configPath) ? BoundedJson.ReadFile(configPath) : null;
        return Create(tokenizer, config);
    }

    /// <summary>The same from the files' bytes.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static HfTokenizer Parse(ReadOnlyMemory<byte> tokenizerJson, ReadOnlyMemory<byte>? tokenizerConfigJson = null)
    {
        using var tokenizer = BoundedJson.Parse(tokenizerJson, TokenizerName);
        using var config = tokenizerConfigJson is { } bytes ? BoundedJson.Parse(bytes, ConfigName) : null;
        return Create(tokenizer, config);
    }

    private static HfTokenizer Create(JsonDocument tokenizer, JsonDocument? config)
    {
        UnicodeText.RequireNormalization();
        return new HfTokenizer(
            new TokenizerSection(tokenizer.RootElement, TokenizerName),
            config is null ? null : new TokenizerSection(config.RootElement, ConfigName));
    }

    public int[] Encode(string text, bool addSpecialTokens)
    {
        var ids = new List<int>((text.Length / 3) + 4);
        if (addSpecialTokens)
            ids.AddRange(_frame.Before);
        EncodeText(UnicodeText.WellFormed(text), ids);
        if (addSpecialTokens)
            ids.AddRange(_frame.After);
        return [.. ids];
    }

    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens)
    {
        var decoder = StartDecoding(skipSpecialTokens);
        var text = new StringBuilder();
        foreach (var id in ids)
            text.Append(decoder.Append(id));
        return text.Append(decoder.Flush()).ToString();
    }

    public IStreamingDecoder StartDecoding(bool skipSpecialTokens) =>
        new StreamingDecoder(_decoder, id => skipSpecialTokens && IsSpecial(id) ? null : TokenOf(id));

    public string? TokenOf(int id) => _added.Find(id)?.Content ?? _model.Vocabulary.TokenOf(id);

    public bool IsSpecial(int id) => _added.Find(id) is { IsSpecial: true };

    private void EncodeText(string text, List<int> ids)
    {
        foreach (var part in _added.SplitWritten(text))
        {
            if (part.Token is { } token)
                ids.Add(token.Id);
            else
                EncodeUnnormalized(text[part.Start..part.End], isFirst: part.Start == 0, ids);
        }
    }

    private void EncodeUnnormalized(string text, bool isFirst, List<int> ids)
    {
        var normalized = _normalizer?.Apply(text) ?? text;
        foreach (var part in _added.SplitNormalized(normalized))
        {
            if (part.Token is { } token)
                ids.Add(token.Id);
            else
                EncodePiece(new Piece(normalized[part.Start..part.End], isFirst && part.Start == 0), ids);
        }
    }

    private void EncodePiece(Piece piece, List<int> ids)
    {
        if (_preTokenizer is null)
        {
            _model.Encode(piece.Text, ids);
            return;
        }
        var pieces = new List<Piece>();
        _preTokenizer.Split(piece, pieces);
        foreach (var part in pieces)
            _model.Encode(part.Text, ids);
    }

    /// <param name="name">A string, or an object whose "content" it is.</param>
    private int? IdOf(TokenizerSection? name)
    {
        if (name is not { } section)
            return null;
        var content = section.IsText ? section.Text : section["content"].Text;
        return _added.Find(content)?.Id ?? _model.Vocabulary.Find(content);
    }
}
