<?php
// Tells carnet whether a password is right: password_check = unix:/run/site-check/sock.
//
// A line of JSON comes, {"login", "password"}, and one goes back.  login is in the form
// that carnet compares: lower case.  check() is what your site does instead.  If it
// fails, no answer is sent, and carnet says "try again", not "wrong password".

const NOBODY = '$2y$10$abcdefghijklmnopqrstuuP4fVtlK2jXTM2GJ2pHoMQd5LyDpGv9a'; // the same work for a stranger

function check(PDO $db, string $login, string $password): array
{
    $find = $db->prepare('SELECT id, email, name, password FROM users
        WHERE lower(email) = ? OR lower(login) = ?');
    $find->execute([$login, $login]);
    $row = $find->fetch(PDO::FETCH_ASSOC);
    if (!password_verify($password, $row ? $row['password'] : NOBODY) || !$row)
        return ['ok' => false];
    return ['ok' => true, 'sub' => (string)$row['id'], 'email' => $row['email'],
        'name' => $row['name'], 'groups' => []];
}

$path = getenv('SITE_SOCKET') ?: '/run/site-check/sock';
@unlink($path);
umask(0117); // for its owner and its group, which is carnet's
$server = stream_socket_server("unix://$path", $number, $why,
    STREAM_SERVER_BIND | STREAM_SERVER_LISTEN,
    stream_context_create(['socket' => ['backlog' => 64]])) or exit("$path: $why\n");

for ($i = 0; $i < 4; $i++) // so many are checked at a time
    if (pcntl_fork() === 0) {
        $db = new PDO(getenv('SITE_DSN') ?: 'mysql:dbname=site',
            getenv('SITE_USER') ?: null, getenv('SITE_PASSWORD') ?: null);
        while (true) {
            if (!($c = @stream_socket_accept($server, -1)))
                continue;
            stream_set_timeout($c, 5);
            $asked = json_decode((string)fgets($c, 8192), true);
            if (isset($asked['login'], $asked['password']))
                fwrite($c, json_encode(check($db, $asked['login'], $asked['password'])) . "\n");
            fclose($c);
        }
    }
pcntl_wait($status); // one ended (the database went away): systemd starts all anew
exit(1);
