import SchedulerCore
import ServiceHost

await ServiceHost.main(SchedulerService.self)
