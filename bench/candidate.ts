/** What is measured: a way of watching the SDKs, or none. One file each in candidates/. */
import type Anthropic from '@anthropic-ai/sdk';
import type OpenAI from 'openai';

/** Where a candidate finds what it needs. */
export interface Surroundings {
  /** Base URL of the sink, for this candidate alone. */
  sink: string;
  /** An empty folder of its own. */
  folder: string;
  /** Loads a package that `--peers` installed, from the set of that name. */
  peer(set: string, name: string): any;
}

export interface Started {
  /** Wraps a client, where that is how it is done. */
  wrapOpenAI?(client: OpenAI): OpenAI;
  wrapAnthropic?(client: Anthropic): Anthropic;
  /** The OpenAI class to use instead of the one that `import('openai')` gives. */
  OpenAI?: typeof OpenAI;
  /** Sends what waits. Counted in each round, so that nobody's export happens on somebody else's time. */
  flush(): Promise<void>;
}

export interface Candidate {
  /** Runs before an SDK is loaded. */
  start(surroundings: Surroundings): Promise<Started>;
}
