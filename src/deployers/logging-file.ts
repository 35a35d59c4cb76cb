/**
 * Variables under which Dynamo 1.x does not write a logging configuration for SGLang. Otherwise each of its processes
 * writes one to the folder of temporary files at its start, even for `--help`, and never removes it.
 */
export const noLoggingFile: { readonly [name: string]: string } = { DYN_SKIP_SGLANG_LOG_FORMATTING: '1' }
