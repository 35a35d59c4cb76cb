import { FulcrumError } from '../../model/index.ts'
import type { ProgramEnd } from '../programs/run-program.ts'

/** A failure of genai-perf that its output identifies. */
interface Symptom {
  readonly pattern: RegExp
  readonly kind: 'environment' | 'failed'
  readonly code: string
  readonly say: (match: RegExpExecArray) => string
  readonly remedy: string
}

const checkServer = 'Check the server’s log, or measure with the built-in generator, which counts failed requests.'

/** The first match is the cause; later ones are its consequences. */
const symptoms: readonly Symptom[] = [
  {
    pattern: /error while loading shared libraries: ([^:\s]+)/,
    kind: 'environment',
    code: 'perf-analyzer-broken',
    say: ([, library]) => `perf_analyzer cannot start: the shared library ${library} is missing`,
    remedy: 'Install libb64-0d (Debian) and nvidia-cuda-runtime-cu12 (pip, into genai-perf’s virtual environment).',
  },
  {
    pattern: /No such file or directory: 'perf_analyzer'/,
    kind: 'environment',
    code: 'perf-analyzer-missing',
    say: () => 'genai-perf did not find perf_analyzer',
    remedy: 'pip install tritonclient==2.50.0 into genai-perf’s virtual environment; it brings the program.',
  },
  {
    pattern: /GenAIPerfException: (We couldn't connect to 'https:\/\/huggingface\.co'[^\n]*|[^\n]*tokenizer[^\n]*)/i,
    kind: 'environment',
    code: 'genai-perf-tokenizer',
    say: ([, reason]) => `genai-perf could not load the tokenizer: ${reason}`,
    remedy:
      'Set model.tokenizer to a folder that transformers can load, with tokenizer.json and tokenizer_config.json.',
  },
  {
    pattern: /returns HTTP code 400\b/,
    kind: 'failed',
    code: 'genai-perf-request-failed',
    say: () =>
      'genai-perf gave up at its first failed request, and kept no results. It says HTTP 400, as perf_analyzer does for a refused or reset connection too',
    remedy: checkServer,
  },
  {
    pattern: /returns HTTP code (\d+)/,
    kind: 'failed',
    code: 'genai-perf-request-failed',
    say: ([, status]) =>
      `genai-perf gave up at its first failed request, and kept no results: the server answered HTTP ${status}`,
    remedy: checkServer,
  },
  {
    pattern: /Thread \[\d+\] had error: ([^\n]+)/,
    kind: 'failed',
    code: 'genai-perf-request-failed',
    say: ([, reason]) => `genai-perf gave up at its first failed request, and kept no results: ${reason}`,
    remedy: checkServer,
  },
  {
    pattern: /error: (unrecognized arguments: [^\n]+|argument [^\n]+)/,
    kind: 'environment',
    code: 'genai-perf-arguments',
    say: ([, reason]) => `this version of genai-perf rejects the command: ${reason}`,
    remedy: 'Fulcrum drives genai-perf 0.0.16; compare with genai-perf profile --help.',
  },
]

/** One sentence for a genai-perf run without a record of requests. */
export function genaiPerfFailure(end: ProgramEnd, logFile: string): FulcrumError {
  if (end.gaveUp !== null) {
    return new FulcrumError(
      'failed',
      'genai-perf-hung',
      `genai-perf was stopped and its results are lost: ${end.gaveUp}`,
      {
        where: logFile,
        remedy:
          'This happens when a server keeps a request open forever. Raise load.timeout if answers may take that long.',
      },
    )
  }
  const output = end.lines.join('\n')
  for (const { pattern, kind, code, say, remedy } of symptoms) {
    const match = pattern.exec(output)
    if (match !== null) return new FulcrumError(kind, code, say(match), { where: logFile, remedy })
  }
  const exit = end.exit?.signal ?? `code ${end.exit?.code ?? 'unknown'}`
  return new FulcrumError('failed', 'genai-perf-failed', `genai-perf ended with ${exit}: ${lastException(end.lines)}`, {
    where: logFile,
  })
}

/** Exception that ended genai-perf, for a run whose record of requests survived; null if it ended normally. */
export function genaiPerfCrash(end: ProgramEnd): string | null {
  return end.exit?.code === 0 ? null : lastException(end.lines)
}

/** Last line of a traceback that names an exception. */
function lastException(lines: readonly string[]): string {
  const named = lines.findLast(line => /^[\w.]+(Error|Exception|Interrupt)\b/.test(line))
  return (named ?? lines.findLast(line => line.trim() !== '') ?? 'it said nothing').trim().slice(0, 300)
}
