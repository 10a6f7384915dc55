import EnsembleCore

await EnsembleCommand.execute()
