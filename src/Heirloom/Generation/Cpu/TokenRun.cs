namespace Heirloom.Generation.Cpu;

/// <summary>Consecutive tokens of one row that a forward reads.</summary>
/// <param name="Row">Where their keys and values go.</param>
/// <param name="Start">Position of the first.</param>
/// <param name="Offset">Index of the first among the forward's tokens.</param>
/// <param name="Count">How many.</param>
/// <param name="ReadLength">Positions of the row after all that this reading adds, of which a forward may be a part.</param>
/// <param name="Result">Where the logits after the last token go; −1 for nowhere.</param>
internal readonly record struct TokenRun(RowCache Row, int Start, int Offset, int Count, int ReadLength, int Result);
