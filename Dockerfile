# syntax=docker/dockerfile:1
# The gateway as one image for every role: `serve --role all | api | worker`. Records and queues lie outside: docker-compose.yml.

FROM node:24-bookworm AS build
WORKDIR /app
COPY . .
# The build needs development dependencies (npm ci runs it); the image does not. pkcs11js is compiled against the headers that this image
# holds, and it is optional for npm: a key device that silently cannot be used is worse than a build that stops.
RUN apt-get update && apt-get install --yes --no-install-recommends python3 make g++ && rm -rf /var/lib/apt/lists/*
RUN --mount=type=cache,target=/root/.npm npm_config_nodedir=/usr/local npm ci --no-audit --no-fund && npm prune --omit=dev --no-audit --no-fund \
 && node -e "require('pkcs11js')"

FROM node:24-bookworm-slim
# tini: reaps what a killed PDF or PKCS#12 child leaves, and passes SIGTERM on, when Docker is not told `init: true`.
RUN apt-get update && apt-get install --yes --no-install-recommends tini && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production LIENTHONG_DATA=/data LIENTHONG_HOST=0.0.0.0 LIENTHONG_PORT=8080
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
RUN ln -s /app/dist/src/cli.js /usr/local/bin/lienthong && install -d -o node -g node -m 0700 /data
USER node
VOLUME /data
EXPOSE 8080
# Alive, not ready: a gateway whose database is away must not be restarted for it.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.LIENTHONG_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "lienthong"]
CMD ["serve"]
