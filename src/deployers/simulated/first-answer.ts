import { FulcrumError } from '../../model/index.ts'

/** Long enough for a prefill and a decode step of any profile. */
const deadlineMs = 30_000

/**
 * Requests one token and waits for it: a deployment is ready once it has answered a request.
 * @throws FulcrumError failed `no-answer`; the signal's reason
 */
export async function firstAnswer(url: string, model: string, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(deadlineMs)
  try {
    const response = await fetch(`${url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, prompt: [1], max_tokens: 1 }),
      signal: AbortSignal.any([signal, deadline]),
    })
    const text = await response.text()
    if (!response.ok) throw new FulcrumError('failed', 'no-answer', `HTTP ${response.status}: ${text}`, { where: url })
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof FulcrumError) throw error
    throw new FulcrumError('failed', 'no-answer', 'The simulated engine did not answer a first request', {
      where: url,
      cause: error,
    })
  }
}
