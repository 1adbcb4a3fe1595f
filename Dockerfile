# For GPU hosts; docs/gpu-hosts.md says how to start it.
FROM node:22-bookworm-slim
# Mesa's drivers for AMD and Intel, and what NVIDIA's mounted driver wants to find.
RUN apt-get update && apt-get install -y --no-install-recommends \
    libvulkan1 mesa-vulkan-drivers libxext6 libx11-6 libegl1 libglvnd0 \
    && rm -rf /var/lib/apt/lists/*
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,graphics,utility
WORKDIR /planewise
COPY . .
RUN npm ci && npm run build
ENTRYPOINT ["node", "/planewise/dist/cli.js"]
CMD ["devices"]
