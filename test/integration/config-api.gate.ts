import { connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy before a server: shut, it cuts every connection and refuses new ones. */
export class TcpGate {
  private readonly sockets = new Set<Socket>();
  private server: Server | undefined;

  private constructor(
    private readonly target: URL,
    private port: number,
  ) {}

  static async open(targetUrl: string): Promise<TcpGate> {
    const gate = new TcpGate(new URL(targetUrl), 0);
    await gate.reopen();
    return gate;
  }

  get url(): string {
    const url = new URL(this.target);
    url.host = `127.0.0.1:${this.port}`;
    return url.href;
  }

  async reopen(): Promise<void> {
    const server = createServer((near) => {
      const far = connect({ host: this.target.hostname, port: Number(this.target.port || 5432) });
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(socket);
        socket.on('error', () => other.destroy());
        socket.on('close', () => (this.sockets.delete(socket), other.destroy()));
        socket.pipe(other);
      }
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as { port: number }).port;
    this.server = server;
  }

  async shut(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    const closed = new Promise<void>((resolve) => (server ? server.close(() => resolve()) : resolve()));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
