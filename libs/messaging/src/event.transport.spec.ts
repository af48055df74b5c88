import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { Controller, Injectable, Module, type INestMicroservice, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { setTimeout as delay } from 'node:timers/promises';
import { outcomeId, topics, type CallEnded } from '#libs/contracts';
import { AppError } from '#libs/errors';
import type { Outcome } from './delivery.js';
import { EventTransport, type EventTransportOptions } from './event.transport.js';
import type { IncomingEvent } from './event.js';
import { MemoryEventBus } from './memory-event.bus.js';
import { OnEvents } from './on-events.js';
import type { ReceivedEvent } from './received-event.js';
import { collect, newEvent, until } from './spec-events.js';

const organization_id = '5b8d5e0e-2c7f-4c1f-9b53-4a4a6f1a0c11';
const callEnded = (n: number) => newEvent(topics.callEnded, `call-${n}`, { call_id: `call-${n}`, organization_id });

@Injectable()
class Journal {
  readonly slices: (readonly ReceivedEvent<CallEnded>[])[] = [];
  failWith: unknown;
  held: Promise<void> | undefined;
}

@Controller()
class CallEndedController {
  constructor(private readonly journal: Journal) {}

  @OnEvents(topics.callEnded)
  async release(@Payload() events: ReceivedEvent<CallEnded>[]): Promise<Outcome[]> {
    this.journal.slices.push(events);
    await this.journal.held;
    if (this.journal.failWith) throw this.journal.failWith;
    return events.map((event) => ({
      kind: 'done',
      publish: [{ ...newEvent(topics.byokKeyChanged, event.key!, {}), id: outcomeId(event.id, topics.byokKeyChanged) }],
    }));
  }
}

describe('a Nest microservice on the event transport', () => {
  let app: INestMicroservice | undefined;
  afterEach(async () => {
    await app?.close();
    app = undefined;
  });

  async function start(controller: Type, options: Partial<EventTransportOptions> = {}) {
    @Module({ controllers: [controller], providers: [Journal] })
    class TestModule {}
    const bus = options.bus ?? new MemoryEventBus();
    const strategy = new EventTransport({ bus, group: 'g', retryBackoff: { baseMs: 5, capMs: 20 }, ...options });
    app = await NestFactory.createMicroservice(TestModule, { strategy, logger: false });
    await app.listen();
    return { bus, journal: app.get(Journal) };
  }

  it('hands slices of decoded events to a controller and publishes its outcomes', async () => {
    const { bus, journal } = await start(CallEndedController);
    const answers = collect(bus, topics.byokKeyChanged);
    const events = Array.from({ length: 50 }, (_, n) => callEnded(n));
    await bus.publish(events);
    await until(() => answers.length === 50);
    expect(journal.slices.flat()).toHaveLength(50);
    expect(journal.slices.length).toBeLessThan(50);
    expect(journal.slices.flat()[0]!.value).toMatchObject({ organization_id });
    expect(new Set(answers.map(({ headers }) => headers['ce_id']))).toEqual(
      new Set(events.map(({ id }) => outcomeId(id, topics.byokKeyChanged))),
    );
  });

  it('keeps the kind of an error that a controller throws: unavailable is tried again', async () => {
    const { bus, journal } = await start(CallEndedController);
    const answers = collect(bus, topics.byokKeyChanged);
    journal.failWith = new AppError('unavailable', 'database_unavailable');
    await bus.publish([callEnded(1)]);
    await until(() => journal.slices.length === 3);
    journal.failWith = undefined;
    await until(() => answers.length === 1);
    expect(journal.slices.at(-1)![0]!.attempt).toBeGreaterThan(3);
  });

  it('keeps the kind of an error that a controller throws: invalid makes a dead letter with its code', async () => {
    const { bus, journal } = await start(CallEndedController);
    const dead: IncomingEvent[] = collect(bus, topics.callEndedDeadLetter);
    journal.failWith = new AppError('not_found', 'unknown_call');
    await bus.publish([callEnded(1)]);
    await until(() => dead.length === 1);
    expect(dead[0]!.headers['latchkey-error-code']).toBe('unknown_call');
  });

  it('finishes what is in hand, answers included, before the application is closed', async () => {
    const { bus, journal } = await start(CallEndedController);
    let release = (): void => undefined;
    journal.held = new Promise((resolve) => (release = resolve));
    await bus.publish([callEnded(1)]);
    await until(() => journal.slices.length === 1);
    const publish = jest.spyOn(bus, 'publish');
    const closed = app!.close().then(() => 'closed');
    expect(await Promise.race([closed, delay(50)])).toBeUndefined();
    release();
    expect(await closed).toBe('closed');
    expect(publish).toHaveBeenCalledWith([expect.objectContaining({ topic: topics.byokKeyChanged })]);
  });

  it('takes handlers with plain @EventPattern; their errors are tried again, since their kind is lost', async () => {
    @Controller()
    class Plain {
      static calls = 0;

      @EventPattern(topics.callEnded)
      async handle(@Payload() events: ReceivedEvent<CallEnded>[]): Promise<Outcome[]> {
        if (++Plain.calls === 1) throw new AppError('invalid', 'planted');
        return events.map(() => ({ kind: 'done' }));
      }
    }
    const { bus } = await start(Plain);
    const dead = collect(bus, topics.callEndedDeadLetter);
    await bus.publish([callEnded(1)]);
    await until(() => Plain.calls === 2);
    expect(dead).toEqual([]);
  });

  it('does not start without a handler for a topic it needs', async () => {
    const started = start(CallEndedController, { topics: [topics.callEnded, topics.callStarted] });
    await expect(started).rejects.toThrow('no handler for call.started.v1');
  });

  it('does not start with a topic that has no schema, a request handler, or two handlers of one topic', async () => {
    @Controller()
    class UnknownTopic {
      @EventPattern('nobody.knows.v1')
      async handle(@Payload() _events: unknown): Promise<Outcome[]> {
        return [];
      }
    }
    @Controller()
    class Request {
      @MessagePattern(topics.callEnded)
      async handle(): Promise<Outcome[]> {
        return [];
      }
    }
    @Controller()
    class Twice extends CallEndedController {
      @OnEvents(topics.callEnded)
      async other(@Payload() events: ReceivedEvent<CallEnded>[]): Promise<Outcome[]> {
        return events.map(() => ({ kind: 'done' }));
      }
    }
    await expect(start(UnknownTopic)).rejects.toThrow('nobody.knows.v1 has no schema');
    await expect(start(Request)).rejects.toThrow('@MessagePattern');
    await expect(start(Twice)).rejects.toThrow('two handlers');
  });
});
