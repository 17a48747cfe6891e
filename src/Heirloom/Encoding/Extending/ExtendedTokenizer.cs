using System.Collections.Immutable;

namespace Heirloom.Encoding.Extending;

/// <summary>A token that a tokenizer was given.</summary>
/// <param name="Id">Behind all that there were.</param>
/// <param name="Token">As the vocabulary spells it.</param>
/// <param name="Pieces">The ids by which the old tokenizer wrote it: what a model knows of it so far.</param>
public sealed record NewToken(int Id, string Token, ImmutableArray<int> Pieces);

/// <summary>A tokenizer with more tokens than it had; every old token keeps its id.</summary>
public sealed record ExtendedTokenizer(Tokenizer Tokenizer, ImmutableArray<NewToken> Added);
