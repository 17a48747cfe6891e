namespace Heirloom.Models.Heads;

/// <summary>What a head stands on.</summary>
internal static class Backbone
{
    /// <summary>Builds it from its own child of the seed.</summary>
    /// <exception cref="UserError">The model cannot do what the head needs.</exception>
    public static T Build<T>(ModelConfig config, Seed seed) where T : class, IModel
    {
        var model = config.Build(seed.For("encoder"));
        if (model is T able)
        {
            return able;
        }

        model.Module.Dispose();
        throw new UserError($"{model.GetType().Name} is no {typeof(T).Name[1..]}", "encoder", "choose a model that encodes what the head classifies");
    }
}
