import ModerationCore
import ServiceHost

await ServiceHost.main(ModerationService.self)
