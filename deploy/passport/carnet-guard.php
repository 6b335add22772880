<?php
/*
 * carnet-guard.php: a Laravel application takes carnet's tokens.  Set ISSUER and AUDIENCE
 * here, require this file in AppServiceProvider::boot(), and name the guard's driver
 * "carnet" in config/auth.php: doc/passport.md, "An API in Laravel", has these lines.
 *
 * carnet_claims($token) checks a token by the keys of ISSUER/oauth/jwks; carnet_active()
 * asks at each request, so that a revocation acts on the next one.
 */
const ISSUER = 'https://auth.example.org';      // as in carnet.conf
const AUDIENCE = ISSUER;                        // the resource that tokens are for
const CLIENT = null, SECRET = null;             // of client add --grant introspect; or null

function carnet_fetch(string $path, ?array $form = null): ?array
{
    $http = ['timeout' => 5, 'ignore_errors' => true, 'follow_location' => 0] + ($form === null ? [] : [
        'method' => 'POST', 'content' => http_build_query($form),
        'header' => 'Content-Type: application/x-www-form-urlencoded']);
    $body = @file_get_contents(ISSUER . $path, false, stream_context_create(['http' => $http]));
    return is_string($body) ? json_decode($body, true) : null;
}

function carnet_bytes(string $text): string
{
    return (string) base64_decode(strtr($text, '-_', '+/'), true);
}

/* RFC 3279, RFC 5480: a JWK as the PEM text that OpenSSL reads. */
function carnet_pem(array $jwk): string
{
    $der = fn (int $tag, string $s): string => chr($tag) . (strlen($s) < 128 ? chr(strlen($s))
        : "\x82" . pack('n', strlen($s))) . $s;
    $n = fn (string $s): string => $der(2, "\0" . carnet_bytes($s));
    [$kind, $key] = $jwk['kty'] === 'RSA'
        ? ["\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", $der(0x30, $n($jwk['n']) . $n($jwk['e']))]
        : ["\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07",
            "\x04" . carnet_bytes($jwk['x']) . carnet_bytes($jwk['y'])];
    return "-----BEGIN PUBLIC KEY-----\n" . chunk_split(base64_encode(
        $der(0x30, $der(0x30, $kind) . $der(3, "\0" . $key))), 64) . "-----END PUBLIC KEY-----\n";
}

/* With passport_compat = yes the audience is the client, as it was Passport's. */
function carnet_is_for_us(array $c): bool
{
    $aud = (array) ($c['aud'] ?? []);
    return in_array(AUDIENCE, $aud, true) || in_array($c['client_id'] ?? null, $aud, true);
}

/* The claims of a token that is signed, for us and not over; else null. */
function carnet_claims(string $token, ?array $jwks = null): ?array
{
    [$head, $body, $sig] = explode('.', $token . '..');
    $header = json_decode(carnet_bytes($head), true);
    $jwks ??= carnet_fetch('/oauth/jwks');      // to be cached for five minutes: Cache::remember
    foreach ($jwks['keys'] ?? [] as $jwk) {
        $alg = $jwk['alg'];                     // the key decides the algorithm, not the token
        if (($header['kid'] ?? null) !== $jwk['kid'] || !in_array($alg, ['RS256', 'ES256'], true))
            continue;
        $raw = carnet_bytes($sig);
        if ($alg === 'ES256') {                 // r and s, as DER has them
            $half = fn (string $s): string => ($s = ltrim($s, "\0")) === '' || ord($s[0]) > 127 ? "\0$s" : $s;
            $parts = strlen($raw) === 64 ? array_map($half, str_split($raw, 32)) : ['', ''];
            $raw = implode('', array_map(fn ($s) => "\x02" . chr(strlen($s)) . $s, $parts));
            $raw = "\x30" . chr(strlen($raw)) . $raw;
        }
        if (($header['alg'] ?? null) !== $alg ||
            openssl_verify("$head.$body", $raw, carnet_pem($jwk), OPENSSL_ALGO_SHA256) !== 1)
            return null;
        $c = json_decode(carnet_bytes($body), true);
        return ($c['iss'] ?? null) === ISSUER && carnet_is_for_us($c) && $c['exp'] > time()
            && $c['nbf'] <= time() + 5 ? $c : null;
    }
    return null;
}

/* RFC 7662: what carnet says of it now, tokens that Passport gave too; null: it is dead. */
function carnet_active(string $token): ?array
{
    $said = carnet_fetch('/oauth/introspect',
        ['token' => $token, 'client_id' => CLIENT, 'client_secret' => SECRET]);
    return ($said['active'] ?? false) === true && carnet_is_for_us($said) ? $said : null;
}

/* The claims of the caller: by introspection where CLIENT is set, else by the keys. */
function carnet_caller(?string $token): ?array
{
    return $token === null || $token === '' ? null
        : (CLIENT === null ? carnet_claims($token) : carnet_active($token));
}

/* The id of the user whom the token speaks for; null: it is a client's own. */
function carnet_user_id(array $c): ?string
{
    $own = str_starts_with($c['sub'], 'client:')
        || ($c['sub'] === $c['client_id'] && !ctype_digit($c['sub']));
    return $own ? null : $c['sub'];
}
