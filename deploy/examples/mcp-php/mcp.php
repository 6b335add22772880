<?php
/*
 * mcp.php: an MCP server in one file, without a library.  It speaks streamable HTTP (MCP
 * 2025-11-25 and back to 2025-03-26): one JSON answer to each POST, and no session.
 *
 * carnet's guard is asked before it (doc/agents.md).  The guard has checked the token, and
 * says who calls.  It needs one line in carnet.conf, and one in the web server's
 * configuration (lighttpd.conf, apache.conf or nginx.conf beside this file):
 *
 *	[guard]
 *	/mcp.php = user all read-posts resource
 *
 * Its tools are made to be replaced: tools() lists them.
 */
declare(strict_types=1);

const VERSIONS = ['2025-11-25', '2025-06-18', '2025-03-26'];
/* Origins of pages whose scripts may call, such as 'https://example.org'. */
const ORIGINS = [];
/* A directory that PHP may write to, and that the web server does not serve. */
const NOTES = __DIR__ . '/../mcp-notes';
const BODY_MAX = 1 << 19;

/* Each tool: what it is for, the scope that it needs, its parameters, its function. */
function tools(): array
{
    return [
        'whoami' => ['Tell who is calling.', 'read-posts', [], fn () => sprintf(
            '%s (user %s), by the app %s', $_SERVER['CARNET_USER_EMAIL'] ?? '',
            $_SERVER['CARNET_USER_ID'], $_SERVER['CARNET_CLIENT_ID'])],
        'list_notes' => ['List the notes of the caller.', 'read-posts', [],
            fn () => @file_get_contents(notes()) ?: 'There are none.'],
        'add_note' => ['Add a note of one line.', 'write-posts',
            ['text' => ['type' => 'string', 'maxLength' => 1000]], 'add_note'],
    ];
}

/* The file of the caller: an id may be any text, and no part of a path. */
function notes(): string
{
    return NOTES . '/' . hash('sha256', $_SERVER['CARNET_USER_ID']) . '.txt';
}

function add_note(array $args): string
{
    is_dir(NOTES) || mkdir(NOTES, 0700);
    $line = str_replace(["\r", "\n"], ' ', $args['text']) . "\n";
    if (file_put_contents(notes(), $line, FILE_APPEND | LOCK_EX) !== strlen($line))
        throw new RuntimeException('the note could not be stored');
    return 'Noted.';
}

/* ---- The protocol ---- */

function answer(int $status, ?array $body = null): never
{
    http_response_code($status);
    header('Cache-Control: no-store');
    if ($body !== null) {
        header('Content-Type: application/json');
        echo json_encode($body, JSON_UNESCAPED_SLASHES | JSON_INVALID_UTF8_SUBSTITUTE);
    }
    exit;
}

/* JSON-RPC 2.0 section 5.1. */
function fail(int $status, int $code, string $why, mixed $id = null): never
{
    answer($status, ['jsonrpc' => '2.0', 'id' => $id,
        'error' => ['code' => $code, 'message' => $why]]);
}

/*
 * RFC 6750 section 3.1: the client asks its user for a token with these scopes, and calls
 * again.  Those that it has are named too, so that it does not lose them.
 */
function need_scope(string $scope, mixed $id): void
{
    $has = explode(' ', $_SERVER['CARNET_SCOPE'] ?? '');
    if (in_array($scope, $has, true))
        return;
    header(sprintf('WWW-Authenticate: Bearer error="insufficient_scope", scope="%s",'
        . ' resource_metadata="%s://%s/.well-known/oauth-protected-resource%s"',
        trim(implode(' ', $has) . ' ' . $scope),
        empty($_SERVER['HTTPS']) ? 'http' : 'https', $_SERVER['HTTP_HOST'],
        $_SERVER['SCRIPT_NAME']));
    fail(403, -32001, "this needs the scope $scope", $id);
}

/* tools/call: what is wrong with the arguments is told to the model, which may mend it. */
function call(array $params, mixed $id): array
{
    $name = is_string($params['name'] ?? null) ? $params['name'] : '';
    $tool = tools()[$name] ?? fail(200, -32602, 'no such tool', $id);
    [, $scope, $wants, $run] = $tool;
    need_scope($scope, $id);
    $args = is_array($params['arguments'] ?? null) ? $params['arguments'] : [];
    try {
        foreach ($wants as $name => $type)
            if (!is_string($args[$name] ?? null)
                || !preg_match("/^.{0,{$type['maxLength']}}$/Dsu", $args[$name]))
                throw new RuntimeException(
                    "$name is a text of at most {$type['maxLength']} characters");
        return ['content' => [['type' => 'text', 'text' => $run($args)]]];
    } catch (RuntimeException $e) {
        return ['content' => [['type' => 'text', 'text' => $e->getMessage()]],
            'isError' => true];
    }
}

function list_tools(): array
{
    $list = [];
    foreach (tools() as $name => [$about, , $wants])
        $list[] = ['name' => $name, 'description' => $about, 'inputSchema' => [
            'type' => 'object', 'properties' => (object) $wants,
            'required' => array_keys($wants)]];
    return ['tools' => $list];
}

function initialize(array $params): array
{
    $asked = $params['protocolVersion'] ?? '';
    return ['protocolVersion' => in_array($asked, VERSIONS, true) ? $asked : VERSIONS[0],
        'capabilities' => ['tools' => new stdClass()],
        'serverInfo' => ['name' => 'mcp.php', 'version' => '1.0.0']];
}

/* Without the guard's word nobody is served: the web server is set up wrongly. */
if (($_SERVER['CARNET_USER_ID'] ?? '') === '')
    fail(500, -32603, 'the guard was not asked');
if (isset($_SERVER['HTTP_ORIGIN']) && !in_array($_SERVER['HTTP_ORIGIN'], ORIGINS, true))
    fail(403, -32600, 'no script of that origin may call');
if ($_SERVER['REQUEST_METHOD'] !== 'POST') {
    header('Allow: POST'); /* there is no stream to GET, and no session to DELETE */
    fail(405, -32600, 'POST a message');
}
$version = $_SERVER['HTTP_MCP_PROTOCOL_VERSION'] ?? VERSIONS[0];
in_array($version, VERSIONS, true) || fail(400, -32600, 'unknown protocol version');
$text = file_get_contents('php://input', false, null, 0, BODY_MAX + 1);
strlen($text) <= BODY_MAX || fail(413, -32600, 'too long');
$message = json_decode($text, true, 32);
if (!is_array($message) || array_is_list($message)
    || ($message['jsonrpc'] ?? '') !== '2.0')
    fail(400, $message === null ? -32700 : -32600, 'one JSON-RPC 2.0 message is needed');
$id = $message['id'] ?? null;
if ($id === null || !isset($message['method']))
    answer(202); /* a notification, or an answer to a request that was never made */
$params = is_array($message['params'] ?? null) ? $message['params'] : [];
$result = match ($message['method']) {
    'initialize' => initialize($params),
    'ping' => new stdClass(),
    'tools/list' => list_tools(),
    'tools/call' => call($params, $id),
    default => fail(200, -32601, 'no such method', $id),
};
answer(200, ['jsonrpc' => '2.0', 'id' => $id, 'result' => $result]);
