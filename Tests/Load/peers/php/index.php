<?php
/*
 * The PHP site that sessiond is measured beside: PHP's own sessions, kept in the django_session table.
 *
 * It leaves out what makes sessiond slower: no signature is checked or made, and there is no CSRF token.
 */
declare(strict_types=1);

/** PHP's save handler on Django's table. PHP hands over serialized arrays, Django keeps JSON. */
final class DjangoSessions implements SessionHandlerInterface, SessionIdInterface, SessionUpdateTimestampHandlerInterface
{
    private const MAX_AGE = 14 * 24 * 3600;

    /** What Django appends to the data, made by somebody else. */
    private const SIGNATURE = ':1vNIXK:ljwJmL4WbQ1VaM1GlFR4NLtZc9pZlI8kZ4L0mfyz6Cs';

    private PDO $database;

    /** @var array<string, string> the sessions that were looked for, serialized; '' where there is none */
    private array $loaded = [];

    public function open(string $path, string $name): bool
    {
        // One round trip a statement: the server parses it each time, but PDO would prepare it anew for every request.
        $this->database = new PDO(getenv('DATABASE_DSN'), options: [
            PDO::ATTR_PERSISTENT => true,
            PDO::PGSQL_ATTR_DISABLE_PREPARES => true,
        ]);
        return true;
    }

    public function close(): bool
    {
        return true;
    }

    public function create_sid(): string
    {
        $key = session_create_id();
        $this->loaded[$key] = '';
        return $key;
    }

    /** Asked for a key that a client sent, before it is read. */
    public function validateId(string $key): bool
    {
        return $this->read($key) !== '';
    }

    public function read(string $key): string
    {
        return $this->loaded[$key] ??= $this->load($key);
    }

    private function load(string $key): string
    {
        $found = $this->execute(
            'SELECT session_data FROM django_session WHERE session_key = ? AND expire_date > now()', [$key]);
        $text = $found->fetchColumn();
        if ($text === false) {
            return '';
        }
        $payload = strtr(strstr($text, ':', true), '-_', '+/');
        return serialize(json_decode(base64_decode($payload), true));
    }

    public function write(string $key, string $data): bool
    {
        $text = rtrim(strtr(base64_encode(json_encode(unserialize($data))), '+/', '-_'), '=') . self::SIGNATURE;
        $sql = $this->read($key) === ''
            ? 'INSERT INTO django_session (session_data, expire_date, session_key) VALUES (?, ?, ?)'
            : 'UPDATE django_session SET session_data = ?, expire_date = ? WHERE session_key = ?';
        return $this->execute($sql, [$text, $this->expireDate(), $key])->rowCount() === 1;
    }

    public function updateTimestamp(string $key, string $data): bool
    {
        return true; // Django too leaves the row of an unchanged session alone
    }

    public function destroy(string $key): bool
    {
        $this->execute('DELETE FROM django_session WHERE session_key = ?', [$key]);
        return true;
    }

    public function gc(int $maxLifetime): int
    {
        return $this->execute('DELETE FROM django_session WHERE expire_date < now()', [])->rowCount();
    }

    private function expireDate(): string
    {
        return gmdate('Y-m-d H:i:s+00', time() + self::MAX_AGE);
    }

    private function execute(string $sql, array $values): PDOStatement
    {
        $statement = $this->database->prepare($sql);
        $statement->execute($values);
        return $statement;
    }
}

function formView(): string
{
    // A visitor without a cookie costs no session.
    if (isset($_COOKIE[session_name()])) {
        session_start(['read_and_close' => true]);
    }
    return isset($_SESSION['username']) ? loggedInPage($_SESSION['username']) : <<<'HTML'
        <!doctype html><html><body><form method="post" action="/myapp/login/"><input name="username">
        <input name="password" type="password"><button>Sign in</button></form></body></html>
        HTML;
}

function login(): string
{
    $username = $_POST['username'] ?? '';
    if ($_SERVER['REQUEST_METHOD'] !== 'POST' || !is_string($username) || $username === '') {
        http_response_code(400);
        return 'Bad Request';
    }
    session_start();
    if ($_SESSION !== []) {
        session_regenerate_id(true);
    }
    $_SESSION['username'] = $username;
    // Written before the page is: nobody reads that he is logged in who is not.
    if (!session_write_close()) {
        http_response_code(500);
        return 'Internal Server Error';
    }
    return loggedInPage($username);
}

function loggedInPage(string $username): string
{
    return '<!doctype html><html><body>You are : <strong>' . htmlspecialchars($username) . '</strong></body></html>';
}

function notFound(): string
{
    http_response_code(404);
    return 'Not Found';
}

session_set_save_handler(new DjangoSessions(), false);
header('Content-Type: text/html; charset=utf-8');
header('Vary: Cookie');
echo match ($_SERVER['DOCUMENT_URI']) {
    '/myapp/connection/' => formView(),
    '/myapp/login/' => login(),
    default => notFound(),
};
