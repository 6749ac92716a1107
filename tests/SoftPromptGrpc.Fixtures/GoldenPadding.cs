namespace SoftPromptGrpc.Fixtures;

/// <summary>On which side the shorter rows of a golden batch are padded.</summary>
public enum GoldenPadding { Right, Left }
