// Any process: modules of Node.js that are loaded when they are first needed, and never by `import`. Importing one
// of these as an ES module asks for each of its exports, and some of them load whole libraries at that moment:
// node:http brings fetch with it, node:crypto brings WebCrypto. On Node.js 24 the two take more CPU time
// than an empty process does.
import type Crypto from 'node:crypto';
import type Http from 'node:http';
import type Https from 'node:https';

export function nodeCrypto(): typeof Crypto {
  return process.getBuiltinModule('node:crypto');
}

export function nodeHttp(): typeof Http {
  return process.getBuiltinModule('node:http');
}

export function nodeHttps(): typeof Https {
  return process.getBuiltinModule('node:https');
}
