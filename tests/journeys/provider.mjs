// A certified OpenID provider (npm `oidc-provider`) with invented people: whoever enters a login is known by it.
// Called with its own port, the address of the register, and the fewest things it needs; `clock N` on its input puts its clock N seconds ahead.
import { createInterface } from 'node:readline';
import Provider from 'oidc-provider';

const [port, register] = process.argv.slice(2);
const provider = new Provider(`http://localhost:${port}`, {
  clients: [{
    client_id: 'register',
    client_secret: 'a-secret-of-the-client',
    redirect_uris: [`${register}/sign-in/openid/back`],
    post_logout_redirect_uris: [`${register}/sign-in?signed-out`],
  }],
  cookies: { keys: ['of no use to anybody else'] },
  pkce: { required: () => true },
});

const now = Date.now;
let ahead = 0;
Date.now = () => now() + 1000 * ahead;
createInterface({ input: process.stdin }).on('line', (line) => {
  ahead = Number(line.replace('clock ', ''));
  console.log(`clock ${ahead}`);
});

provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
