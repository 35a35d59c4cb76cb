import { type Endpoint, FulcrumError } from '../../model/index.ts'
import { disk } from '../../yaml/files.ts'
import type { ConfiguredDeployer } from '../define-deployer.ts'
import { attach } from './index.ts'

const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1)

/**
 * A deployer for a running system at a URL from the command line.
 * @throws FulcrumError (bad-input) for an invalid URL
 */
export function runningAt(
  url: string,
  { gpus, dialect }: { readonly gpus: number; readonly dialect: Endpoint['dialect'] },
): ConfiguredDeployer {
  const section = { with: attach.name, url, gpus, dialect }
  const refuse = (wrong: string, right: string): never => {
    // Omits the URL, because it may contain a password.
    throw new FulcrumError('bad-input', 'not-a-url', `Invalid URL: ${wrong}.`, { remedy: `${capital(right)}.` })
  }
  if (!attach.schema.safeParse(section).success) {
    refuse('it does not start with http:// or https://', 'use a base URL such as http://127.0.0.1:8000')
  }
  return attach.configure(section, {
    report: (_path, wrong, right) => refuse(wrong, right),
    folder: process.cwd(),
    files: disk,
  })
}
