using System.Text;

namespace Heirloom.Core;

/// <summary>Where a hub is, and who asks.</summary>
public sealed record HubAccess
{
    public const string PublicEndpoint = "https://huggingface.co";

    /// <summary>Its address (<c>HF_ENDPOINT</c>).</summary>
    public string Endpoint { get; init; } = PublicEndpoint;

    /// <summary>Who asks (<c>HF_TOKEN</c>); never shown, and sent to the endpoint alone.</summary>
    public string? Token { get; init; }

    /// <summary>Only what is in the cache already (<c>HF_HUB_OFFLINE</c>).</summary>
    public bool Offline { get; init; }

    // the compiler's own text would show the token
    private bool PrintMembers(StringBuilder text)
    {
        text.Append($"Endpoint = {Endpoint}, Token = {(Token is null ? "none" : "set")}, Offline = {Offline}");
        return true;
    }
}
