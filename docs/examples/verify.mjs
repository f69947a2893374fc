// Verify a number from Node, without packages: node verify.mjs ACCOUNT PHONE
import http from 'node:http';
import readline from 'node:readline/promises';

function simgate(method, path, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({
      socketPath: process.env.SIMGATE_SOCKET ?? '/run/simgate/api.sock',
      method,
      path,
      headers: { 'Content-Type': 'application/json' },
      timeout: 35000,
    }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part) => { text += part; });
      response.on('end', () => resolve({
        status: response.statusCode,
        answer: text === '' ? null : JSON.parse(text),
      }));
    });
    request.on('timeout', () => request.destroy(new Error('simgate: no answer')));
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const [account, phone] = process.argv.slice(2);
const { status, answer: started } = await simgate('POST', '/v1/verifications', { account, phone });
if (status !== 202) {
  console.error(`${started.reason}: ${started.detail}`);
  process.exit(1);
}
const ask = readline.createInterface({ input: process.stdin, output: process.stderr });
const code = (await ask.question('code: ')).trim();
ask.close();
const { answer: judged } = await simgate('POST', `/v1/verifications/${started.id}/check`, { code });
console.log(judged.result ?? judged.reason);
