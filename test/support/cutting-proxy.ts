import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A bad line to a server: cuts a connection in the middle, as told. */
export interface CuttingProxy {
  readonly url: string;
  /** Cuts the connection that carries the byte after so many more, towards the server (`up`) or back (`down`); once. */
  cut(direction: 'up' | 'down', afterBytes: number): void;
  /** Connections cut so far. */
  readonly cuts: number;
  close(): Promise<void>;
}

export async function startCuttingProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const open = new Set<Socket>();
  const left = { up: Number.POSITIVE_INFINITY, down: Number.POSITIVE_INFINITY };
  let cuts = 0;
  const relay = (from: Socket, to: Socket, direction: 'up' | 'down'): void => {
    from.on('data', (bytes) => {
      const room = left[direction];
      left[direction] -= bytes.length;
      if (left[direction] >= 0) {
        if (!to.write(bytes)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
        return;
      }
      left[direction] = Number.POSITIVE_INFINITY;
      cuts += 1;
      to.write(bytes.subarray(0, room), () => {
        to.destroy();
        from.destroy();
      });
    });
  };
  const server = createServer((near) => {
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      open.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        open.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    relay(near, far, 'up');
    relay(far, near, 'down');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut: (direction, afterBytes) => {
      left[direction] = afterBytes;
    },
    get cuts() {
      return cuts;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
