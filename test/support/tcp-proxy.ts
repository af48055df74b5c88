import { connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { findFreePort } from '../../scripts/stack/free-port.js';

type Mode = 'through' | 'blackhole';

/** Stands in front of a server on loopback and breaks what passes, at the word of a test. */
export class TcpProxy {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;
  private mode: Mode = 'through';
  private delayMs = 0;
  private heldBack: (() => void)[] = [];

  private constructor(
    private readonly target: { host: string; port: number },
    private readonly port: number,
  ) {}

  /** A proxy before the server that `url` names, passing everything. */
  static async start(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url);
    const proxy = new TcpProxy({ host: hostname, port: Number(port) }, await findFreePort([]));
    await proxy.listen();
    return proxy;
  }

  /** The URL that reaches the server through this proxy. */
  urlOf(url: string): string {
    const through = new URL(url);
    through.hostname = '127.0.0.1';
    through.port = String(this.port);
    return through.href;
  }

  /** Ends every connection and refuses new ones: the server is gone. */
  async cut(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    this.destroySockets();
    await closed;
  }

  /** Connections stay and new ones are taken, but nothing passes in either direction: the server hangs. */
  blackhole(): void {
    this.mode = 'blackhole';
  }

  /** Everything passes, `delayMs` milliseconds late in each direction. */
  delay(delayMs: number): void {
    this.delayMs = delayMs;
  }

  /** Everything passes again. What a black hole held back is delivered now, unless its connection has ended. */
  async restore(): Promise<void> {
    this.mode = 'through';
    this.delayMs = 0;
    for (const deliver of this.heldBack.splice(0)) deliver();
    if (!this.server) await this.listen();
  }

  async stop(): Promise<void> {
    await this.cut();
  }

  private async listen(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (near) => this.join(near));
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.server = server;
  }

  private join(near: Socket): void {
    const far = connect({ ...this.target, allowHalfOpen: true });
    this.forward(near, far);
    this.forward(far, near);
  }

  /** Events of one direction stay in order: those that wait for a black hole to end hold up the later ones. */
  private forward(from: Socket, to: Socket): void {
    this.sockets.add(from);
    let last = Promise.resolve();
    const later = (act: () => void): void => {
      const dueAt = performance.now() + this.delayMs;
      last = last.then(() => this.passage(dueAt)).then(act);
    };
    from.on('data', (chunk: Buffer) => later(() => to.writable && to.write(chunk)));
    from.on('end', () => later(() => to.end()));
    from.on('error', () => to.destroy());
    from.on('close', () => {
      this.sockets.delete(from);
      later(() => to.destroy());
    });
  }

  /** Resolves when something that is due at `dueAt` may go on. */
  private async passage(dueAt: number): Promise<void> {
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    while (this.mode === 'blackhole') await new Promise<void>((resolve) => this.heldBack.push(resolve));
  }

  private destroySockets(): void {
    for (const socket of this.sockets) socket.destroy();
    this.heldBack = [];
  }
}
