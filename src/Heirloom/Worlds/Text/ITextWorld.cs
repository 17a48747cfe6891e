using Heirloom.Data;

namespace Heirloom.Worlds.Text;

/// <summary>A process that generates text: an endless corpus whose every document is a pure function of its number.</summary>
public interface ITextWorld
{
    Document Document(long index);
}

/// <summary>Which world, with its knobs.</summary>
public abstract record TextWorldConfig : Kinded
{
    /// <summary>Draws the world itself (its words, topics, transitions) from a seed.</summary>
    public abstract ITextWorld Build(Seed seed);
}
