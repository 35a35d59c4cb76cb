import type { KnownFailure } from './known-failure.ts'

/** An engine's Python package is not installed. */
export function notImportable(pythonPackage: string, extra: string): KnownFailure {
  return {
    pattern: new RegExp(`No module named '?${pythonPackage}\\b`),
    code: 'engine-not-importable',
    kind: 'environment',
    remedy: `Install the engine for the same Python: pip install "ai-dynamo[${extra}]".`,
  }
}
