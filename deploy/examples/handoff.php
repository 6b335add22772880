<?php
/*
 * handoff.php: a PHP site tells carnet who is signed in.  Its address is login_url
 * in carnet.conf; doc/users.md, "Signed in by your site", says how to set it up.
 *
 * Set the three constants, and change person() and forget() to what your site does.
 */
const ISSUER = 'https://auth.example.org';   // as in carnet.conf
const KEY = '/etc/site/login.key';           // a copy of carnet's keys/login.key
const SIGN_IN = '/login.php';                // your page, which then leads to ?next=

/* Who is signed in: id, email, email_verified, name, and at, the time; or null. */
function person(): ?array
{
    session_start();
    return $_SESSION['user'] ?? null;
}

/* The app wants them to sign in anew. */
function forget(): void
{
    unset($_SESSION['user']);
}

function base64url(string $s): string
{
    return rtrim(strtr(base64_encode($s), '+/', '-_'), '=');
}

$state = $_GET['state'] ?? null;
if (($_GET['return_to'] ?? null) !== ISSUER . '/oauth/login/return' || !is_string($state)) {
    http_response_code(400); // or a ticket would go to whoever asks for one
    exit('This page is for ' . ISSUER . ' alone.');
}
$who = person();
$oldest = time() - (int) ($_GET['max_age'] ?? time()); // 0 if the app did not say
if (($_GET['prompt'] ?? null) === 'login' || ($who !== null && $who['at'] < $oldest)) {
    forget();
    $who = null;
}
header('Cache-Control: no-store');
header('Referrer-Policy: no-referrer');
if ($who === null) {
    $self = strtok($_SERVER['REQUEST_URI'], '?') . '?' . http_build_query(
        ['state' => $state, 'return_to' => $_GET['return_to']]);
    header('Location: ' . SIGN_IN . '?next=' . rawurlencode($self));
    exit;
}
$text = base64url('{"alg":"HS256"}') . '.' . base64url(json_encode([
    'aud' => ISSUER, 'sub' => (string) $who['id'], 'state' => $state,
    'iat' => time(), 'exp' => time() + 60, 'jti' => bin2hex(random_bytes(16)),
    'auth_time' => $who['at'], 'email' => $who['email'], 'name' => $who['name'],
    'email_verified' => $who['email_verified'], // true only if you have checked it
], JSON_THROW_ON_ERROR));
$key = base64_decode(strtr(strtok(file_get_contents(KEY), "\r\n"), '-_', '+/'));
$ticket = $text . '.' . base64url(hash_hmac('sha256', $text, $key, true));
header('Location: ' . ISSUER . '/oauth/login/return?ticket=' . $ticket);
