import PlaygroundCore

await Playground.main()
