import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Paths of a certificate and its key. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

function make(folder: string, name: string, ...more: readonly string[]): Certificate {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  execFileSync(
    'openssl',
    ['req', '-x509', ...kind, '-days', '2', '-subj', `/CN=${name}`, '-keyout', key, '-out', cert, ...more],
    { stdio: 'pipe' },
  );
  return { cert, key };
}

/** An authority that signs certificates of tests, made by openssl 3. */
export function makeAuthority(folder: string, name: string): Certificate {
  return make(folder, name, '-addext', 'keyUsage=critical,keyCertSign,digitalSignature');
}

/** A certificate for this machine, for servers and clients alike. */
export function makeCertificate(folder: string, name: string, authority: Certificate): Certificate {
  const signed = ['-CA', authority.cert, '-CAkey', authority.key, '-addext', 'basicConstraints=critical,CA:FALSE'];
  return make(folder, name, ...signed, '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1');
}
