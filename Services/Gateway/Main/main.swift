import GatewayCore
import ServiceHost

await ServiceHost.main(GatewayService.self)
