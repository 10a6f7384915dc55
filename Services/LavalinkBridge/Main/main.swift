import LavalinkBridgeCore
import ServiceHost

await ServiceHost.main(LavalinkBridgeService.self)
