# node-gyp and prebuildify come in here; the build itself is CMake's. The script leaves its result in build/Release/, where both
# expect it. The action's output is never made, so that it runs at every build: CMake knows what is up to date.
{
  "targets": [
    {
      "target_name": "nerbert",
      "type": "none",
      "actions": [
        {
          "action_name": "cmake",
          "inputs": [],
          "outputs": ["<(PRODUCT_DIR)/cmake"],
          "action": ["node", "scripts/install.mjs", "--force"],
        }
      ],
    }
  ]
}
