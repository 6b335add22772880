<?php
/*
 * export.php: what a Laravel application with Passport says in its code alone, as the
 * first line of the file for carnet import passport.  Run it in the application's
 * directory, as its user:
 *   php export.php >passport.jsonl
 * It prints no secret: of APP_KEY a SHA-256, of the keys the public one.
 */
use Illuminate\Contracts\Console\Kernel;
use Laravel\Passport\Passport;

$base = $argv[1] ?? getcwd();
require $base . '/vendor/autoload.php';
$app = require $base . '/bootstrap/app.php';
$app->make(Kernel::class)->bootstrap();

// A DateInterval, or in older versions a time from now on.
function seconds(?DateInterval $ttl): ?int
{
    $from = new DateTimeImmutable('@0');
    return $ttl === null ? null : $from->add($ttl)->getTimestamp();
}

$key = config('app.key');
if (str_starts_with($key, 'base64:'))
    $key = base64_decode(substr($key, 7));
$public = config('passport.public_key');
if (!$public && is_readable($file = Passport::keyPath('oauth-public.key')))
    $public = file_get_contents($file);
$scopes = [];
foreach (Passport::scopes() as $scope)
    $scopes[$scope->id] = $scope->description;

echo json_encode([
    'row' => 'site',
    'timezone' => config('app.timezone', 'UTC'),
    'provider' => config('auth.guards.api.provider', 'users'),
    'scopes' => (object) $scopes,
    'access_ttl' => seconds(Passport::tokensExpireIn()),
    'refresh_ttl' => seconds(Passport::refreshTokensExpireIn()),
    'personal_ttl' => seconds(Passport::personalAccessTokensExpireIn()),
    'public_key' => $public ? str_replace('\\n', "\n", $public) : null,
    'app_key_sha256' => hash('sha256', $key),
], JSON_UNESCAPED_SLASHES | JSON_THROW_ON_ERROR), "\n";
