using System.Security.Cryptography;
using Microsoft.IdentityModel.Tokens;
using SoftPromptGrpc.Core;

namespace SoftPromptGrpc.Server.Security;

/// <summary>Reads an issuer's public keys from a file.</summary>
internal static class JwtKeys
{
    /// <param name="path">A JSON Web Key Set, or public keys in PEM.</param>
    /// <exception cref="SoftPromptException"><see cref="ErrorKind.Invalid"/>: there are none in it. Names the setting.</exception>
    public static IReadOnlyList<SecurityKey> Read(string path)
    {
        try
        {
            var text = File.ReadAllText(path);
            IReadOnlyList<SecurityKey> keys = text.Contains("-----BEGIN ", StringComparison.Ordinal)
                ? [.. FromPem(text)]
                : [.. new JsonWebKeySet(text).GetSigningKeys()];
            return keys.Count > 0 ? keys : throw new ArgumentException("There is no key.");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new SoftPromptException(ErrorKind.Invalid, "Security:Jwt:Keys: the file cannot be read.", exception);
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            throw new SoftPromptException(
                ErrorKind.Invalid, "Security:Jwt:Keys: the file holds no JSON Web Key Set and no public keys in PEM.", exception);
        }
    }

    private static IEnumerable<SecurityKey> FromPem(string text)
    {
        for (var rest = text.AsMemory(); PemEncoding.TryFind(rest.Span, out var found);)
        {
            var key = rest[found.Location].ToString();
            rest = rest[found.Location.End..];
            yield return FromPemKey(key);
        }
    }

    private static SecurityKey FromPemKey(string key)
    {
        var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(key);
            return new RsaSecurityKey(rsa);
        }
        catch (Exception exception) when (exception is ArgumentException or CryptographicException)
        {
            rsa.Dispose();
        }
        var curve = ECDsa.Create();
        curve.ImportFromPem(key);
        return new ECDsaSecurityKey(curve);
    }
}
