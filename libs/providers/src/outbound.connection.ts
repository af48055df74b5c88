import type { LookupFunction } from 'node:net';
import { AppError } from '#libs/errors';
import { Agent, request as send } from 'undici';
import type { Dispatcher } from 'undici';
import { outboundError } from './outbound-error.js';
import type { OutboundAnswer, OutboundRequest, ResolvedAddress } from './outbound-request.js';

/** Requests to one origin, at the addresses that were found and checked when it was opened; see `OutboundClient`. */
export class OutboundConnection {
  private readonly agent: Agent;
  private readonly host: string;

  constructor(
    private readonly origin: string,
    addresses: readonly ResolvedAddress[],
    private readonly signal: AbortSignal,
  ) {
    this.host = new URL(origin).hostname;
    this.agent = new Agent({ connect: { lookup: pinnedTo(addresses) } });
  }

  /** Throws `internal` for another origin than the one that was checked. */
  async send(request: OutboundRequest): Promise<OutboundAnswer> {
    const { url, method, headers, body } = request;
    if (new URL(url).origin !== this.origin) throw new AppError('internal', 'outbound_other_origin');
    try {
      const answer = await send(url, {
        method,
        headers: { 'user-agent': 'latchkey', accept: 'application/json', ...headers },
        body: body ?? null,
        dispatcher: this.agent,
        signal: this.signal,
      });
      return { status: answer.statusCode, headers: answer.headers, text: await this.read(answer, request) };
    } catch (error) {
      throw outboundError(this.host, error);
    }
  }

  /** Cuts whatever is still open. */
  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async read({ body }: Dispatcher.ResponseData, request: OutboundRequest): Promise<string> {
    const { answerBytesMax, answerMayBeCut = false } = request;
    const chunks: Buffer[] = [];
    let byteCount = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        byteCount += chunk.length;
        if (byteCount > answerBytesMax) throw this.tooLarge(answerBytesMax);
      }
    } catch (error) {
      // What came is enough for who asked: too much, too late or broken off.
      if (!answerMayBeCut) throw error;
    }
    return Buffer.concat(chunks).subarray(0, answerBytesMax).toString('utf8');
  }

  private tooLarge(bytesMax: number): AppError {
    return new AppError('unavailable', 'outbound_too_large', {
      message: `${this.host} answered with more than ${bytesMax} bytes.`,
    });
  }
}

/** Connects to these addresses whatever the name stands for by now. */
function pinnedTo(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (_hostname, options, done) => {
    if (options.all) done(null, [...addresses]);
    else done(null, addresses[0]!.address, addresses[0]!.family);
  };
}
