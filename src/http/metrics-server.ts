import type { RequestListener } from 'node:http';
import type { HttpDependencies } from './dependencies.ts';

/** Metrics on a port of their own, for workers, which have no API: whoever reaches the address may read them. */
export function metricsListener({ metricsPage, log }: Pick<HttpDependencies, 'metricsPage' | 'log'>): RequestListener {
  return (request, response) => {
    if (request.url !== '/metrics' || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is only GET /metrics here\n');
      return;
    }
    metricsPage().then(
      ({ contentType, text }) => response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(text),
      (error: unknown) => {
        log.error('metrics.failed', error);
        response.writeHead(500).end();
      },
    );
  };
}
