using System.Text.Json;

namespace Heirloom.Data.Sets;

/// <summary>Texts of software licences: legal English.</summary>
public sealed class SpdxLicenses : TextDataSet
{
    public override string Name => "spdx-licenses";

    public override string Title => "SPDX licence texts";

    public override string Description => "The texts of the licences in the SPDX list, with name and whether the Open Source Initiative approved it: the legal domain.";

    public override string License => "CC0-1.0 (list); each text may be copied verbatim";

    public override Package Package { get; } =
        Package.Npm("spdx-license-list", "6.12.0", 2_527_041, "54cc8d13086187333ca1457c8edaa06d9a412144f076aa7f7c1b59c4f3b0a1ef");

    public override IReadOnlyList<string> Files => ["spdx-full.json"];

    public override string Content => "9d6a3f94a91fcb6da1f3a7c6302aa8f0f62c1b3143df70ff839a360ac0d72fe2";

    public override int Count => 727;

    public override IReadOnlyList<string> Fields => ["name", "approved"];

    public override IEnumerable<Document> Read(string folder)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "spdx-full.json"))); // one file of 6 MB
        foreach (var license in json.RootElement.EnumerateObject())
        {
            yield return new(license.Name, license.Value.GetProperty("licenseText").GetString()!)
            {
                Fields = new Dictionary<string, string>
                {
                    ["name"] = license.Value.GetProperty("name").GetString()!,
                    ["approved"] = license.Value.GetProperty("osiApproved").GetBoolean() ? "yes" : "no",
                },
            };
        }
    }
}
