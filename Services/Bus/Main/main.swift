import BusCore
import ServiceHost

await ServiceHost.main(BusService.self)
