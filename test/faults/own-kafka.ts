import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { launchKafka, type KafkaPorts } from '../../scripts/stack/apache-kafka.js';
import { findFreePort } from '../../scripts/stack/free-port.js';
import { probeGroupJoin } from '../../scripts/stack/kafka-probe.js';
import { ServerProcess } from '../../scripts/stack/server-process.js';
import { projectRoot, StackDirectory } from '../../scripts/stack/stack-directory.js';
import { topics } from '#libs/contracts';
import { ensureTopics } from '#libs/messaging';

const startTimeoutMs = 60_000;

/** An Apache Kafka of one test file, to be stopped and killed at will; what was acknowledged survives. */
export class OwnKafka {
  private readonly server: ServerProcess;

  private constructor(
    private readonly directory: StackDirectory,
    private readonly ports: KafkaPorts,
  ) {
    this.server = new ServerProcess('kafka', directory);
  }

  /** Starts a broker on free ports and answers when it serves. The jars must be there: the test stack brings them. */
  static async start(): Promise<OwnKafka> {
    const directory = new StackDirectory(join(projectRoot, '.stack', `kafka-${randomBytes(4).toString('hex')}`));
    await directory.prepare();
    const broker = await findFreePort([]);
    const kafka = new OwnKafka(directory, { broker, controller: await findFreePort([broker]) });
    await kafka.launch();
    return kafka;
  }

  get brokers(): string[] {
    return [`127.0.0.1:${this.ports.broker}`];
  }

  /** Starts it again after `kill`. */
  async launch(): Promise<void> {
    await launchKafka(this.server, this.directory, this.ports);
    await this.server.awaitServing(() => this.probe(), startTimeoutMs);
  }

  /** It keeps its connections and answers nothing. */
  async hang(): Promise<void> {
    await this.signal('SIGSTOP');
  }

  async goOn(): Promise<void> {
    await this.signal('SIGCONT');
  }

  /** Ends it without a word; its connections are reset and new ones refused. */
  async kill(): Promise<void> {
    await this.signal('SIGKILL');
    while (await this.server.findPid()) await new Promise((resolve) => setTimeout(resolve, 10));
  }

  /** Ends it for good and removes what it kept. */
  async remove(): Promise<void> {
    if (await this.server.findPid()) await this.kill();
    await rm(this.directory.path, { recursive: true, force: true });
  }

  private async probe(): Promise<void> {
    await ensureTopics(Object.values(topics), { brokers: this.brokers, partitions: 1 });
    await probeGroupJoin(this.brokers[0]!);
  }

  private async signal(signal: NodeJS.Signals): Promise<void> {
    const pid = await this.server.findPid();
    if (pid === undefined) throw new Error('the broker does not run');
    process.kill(pid, signal);
  }
}
