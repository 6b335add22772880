<?php
/*
 * handoff-wordpress.php: a WordPress site tells carnet who is signed in.  Put it
 * beside wp-load.php; its address is login_url in carnet.conf.  doc/users.md, "Signed
 * in by your site", says how to set it up.
 *
 * Set the two constants.
 */
const ISSUER = 'https://auth.example.org';   // as in carnet.conf
const KEY = '/etc/site/login.key';           // a copy of carnet's keys/login.key

require __DIR__ . '/wp-load.php';

function base64url(string $s): string
{
    return rtrim(strtr(base64_encode($s), '+/', '-_'), '=');
}

$state = $_GET['state'] ?? null;
if (($_GET['return_to'] ?? null) !== ISSUER . '/oauth/login/return' || !is_string($state)) {
    http_response_code(400); // or a ticket would go to whoever asks for one
    exit('This page is for ' . ISSUER . ' alone.');
}
if (($_GET['prompt'] ?? null) === 'login') {
    wp_logout(); // the app wants them to sign in anew
    wp_set_current_user(0);
}
nocache_headers();
header('Referrer-Policy: no-referrer');
if (!is_user_logged_in()) {
    $self = strtok($_SERVER['REQUEST_URI'], '?') . '?' . http_build_query(
        ['state' => $state, 'return_to' => $_GET['return_to']]);
    wp_safe_redirect(wp_login_url($self));
    exit;
}
$who = wp_get_current_user();
$session = WP_Session_Tokens::get_instance($who->ID)->get(wp_get_session_token());
$text = base64url('{"alg":"HS256"}') . '.' . base64url(json_encode([
    'aud' => ISSUER, 'sub' => (string) $who->ID, 'state' => $state,
    'iat' => time(), 'exp' => time() + 60, 'jti' => bin2hex(random_bytes(16)),
    'auth_time' => $session['login'] ?? 0, 'email' => $who->user_email,
    'name' => $who->display_name, 'preferred_username' => $who->user_login,
    'groups' => array_values($who->roles),
], JSON_THROW_ON_ERROR));
$key = base64_decode(strtr(strtok(file_get_contents(KEY), "\r\n"), '-_', '+/'));
$ticket = $text . '.' . base64url(hash_hmac('sha256', $text, $key, true));
header('Location: ' . ISSUER . '/oauth/login/return?ticket=' . $ticket);
