<?php
// Verify a number from PHP (php-curl): php verify.php ACCOUNT PHONE

function simgate(string $method, string $path, ?array $body = null): array
{
    $curl = curl_init('http://simgate' . $path);
    curl_setopt_array($curl, [
        CURLOPT_UNIX_SOCKET_PATH => getenv('SIMGATE_SOCKET') ?: '/run/simgate/api.sock',
        CURLOPT_CUSTOMREQUEST => $method,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_TIMEOUT => 35,
        CURLOPT_HTTPHEADER => ['Content-Type: application/json'],
    ]);
    if ($body !== null) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($body, JSON_THROW_ON_ERROR));
    }
    $text = curl_exec($curl);
    if ($text === false) {
        throw new RuntimeException('simgate: ' . curl_error($curl));
    }
    $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
    return [$status, $text === '' ? null : json_decode($text, true, 64, JSON_THROW_ON_ERROR)];
}

[, $account, $phone] = $argv;
[$status, $started] = simgate('POST', '/v1/verifications', ['account' => $account, 'phone' => $phone]);
if ($status !== 202) {
    fwrite(STDERR, "{$started['reason']}: {$started['detail']}\n");
    exit(1);
}
fwrite(STDERR, 'code: ');
$code = trim(fgets(STDIN));
[, $judged] = simgate('POST', "/v1/verifications/{$started['id']}/check", ['code' => $code]);
echo $judged['result'] ?? $judged['reason'], "\n";
