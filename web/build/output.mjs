// Where the built pages go: the folder named by CAIRN_WEB_OUT, or else `web/dist`.
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const outputFolder = resolve(process.env.CAIRN_WEB_OUT || fileURLToPath(new URL('../dist', import.meta.url)));
