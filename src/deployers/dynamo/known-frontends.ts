/** Options of every tested frontend, one per line, with their values if there are only a few. */
const shared = `
  active-decode-blocks-threshold
  active-prefill-tokens-threshold
  active-prefill-tokens-threshold-frac
  aic-attention-dp-size
  aic-backend
  aic-backend-version
  aic-model-path
  aic-moe-ep-size
  aic-moe-tp-size
  aic-mtp-seed
  aic-nextn
  aic-nextn-accept-rates
  aic-system
  aic-tp-size
  assume-kv-reuse
  discovery-backend kubernetes,etcd,file,mem
  dump-config-to
  dyn-chat-processor dynamo,vllm,sglang
  dyn-debug-perf
  dyn-preprocess-workers
  enable-anthropic-api
  enable-streaming-reasoning-dispatch
  enable-streaming-tool-dispatch
  enforce-disagg
  event-plane nats,zmq
  exclude-tools-when-tool-choice-none
  frontend-route-extension
  grpc-metrics-port
  help
  http-host
  http-port
  interactive
  kserve-grpc-server
  kv-cache-block-size
  kv-events
  load-aware
  metrics-prefix
  migration-limit
  migration-max-seq-len
  model-name
  model-path
  namespace
  namespace-prefix
  no-assume-kv-reuse
  no-dyn-debug-perf
  no-enable-anthropic-api
  no-enable-streaming-reasoning-dispatch
  no-enable-streaming-tool-dispatch
  no-enforce-disagg
  no-exclude-tools-when-tool-choice-none
  no-interactive
  no-kserve-grpc-server
  no-kv-events
  no-load-aware
  no-router-assume-kv-reuse
  no-router-kv-events
  no-router-replica-sync
  no-router-track-active-blocks
  no-router-track-output-blocks
  no-router-track-prefill-tokens
  no-serve-indexer
  no-strip-anthropic-preamble
  no-track-active-blocks
  no-track-output-blocks
  no-trust-remote-code
  no-use-remote-indexer
  request-plane nats,tcp
  router-assume-kv-reuse
  router-decode-active-request-weight
  router-disk-cache-hit-weight
  router-event-threads
  router-host-cache-hit-weight
  router-kv-events
  router-kv-overlap-score-credit
  router-kv-overlap-score-credit-decay
  router-min-initial-workers
  router-mode round-robin,random,power-of-two,kv,direct,least-loaded,device-aware-weighted
  router-policy-config
  router-predicted-ttl-secs
  router-prefill-load-scale
  router-queue-policy fcfs,wspt
  router-queue-threshold
  router-replica-sync
  router-session-affinity-ttl-secs
  router-temperature
  router-track-active-blocks
  router-track-output-blocks
  router-track-prefill-tokens
  router-tracking-hash public-xxh3-v1,keyed-xxh3-v1
  router-tracking-key-file
  router-tracking-key-id
  router-ttl-secs
  serve-indexer
  shared-cache-multiplier
  shared-cache-type none,hicache
  strip-anthropic-preamble
  tls-cert-path
  tls-key-path
  track-active-blocks
  track-output-blocks
  trust-remote-code
  use-remote-indexer
  version
`

/**
 * Options of `python -m dynamo.frontend` by version of ai-dynamo, one per line, in no particular order. Written by
 * scripts/write-frontend-options.ts. A test compares them with the installed frontends.
 */
export const knownFrontends: { readonly [version: string]: string } = {
  '1.4.2': `${shared}
    router-prefill-load-model none,aic
    tokenizer default,fastokens
  `,
  '1.6.1': `${shared}
    ais-attention-dp-size
    ais-backend
    ais-backend-version
    ais-model-path
    ais-moe-ep-size
    ais-moe-tp-size
    ais-mtp-seed
    ais-nextn
    ais-nextn-accept-rates
    ais-perf-config
    ais-system
    ais-tp-size
    enable-session-prefix-index
    nats-tls-ca-cert-path
    nats-tls-client-cert-path
    nats-tls-client-key-path
    nats-tls-insecure
    no-enable-session-prefix-index
    no-nats-tls-insecure
    no-router-conditional-disagg
    no-tokenizer-fallback
    reasoning-field-name reasoning_content,reasoning
    response-plane tcp,quic
    router-approximate-cache-policy ttl,lru
    router-conditional-disagg
    router-conditional-disagg-config
    router-decode-policy
    router-prefill-load-model none,ais
    router-prefill-policy
    router-session-affinity-mode hard,soft
    tcp-tls-ca-cert-path
    tcp-tls-cert-path
    tcp-tls-client-ca-cert-path
    tcp-tls-client-cert-path
    tcp-tls-client-key-path
    tcp-tls-key-path
    tls-client-ca-cert-path
    tokenizer default,fastokens,basetenkenizer
    tokenizer-fallback
  `,
}
