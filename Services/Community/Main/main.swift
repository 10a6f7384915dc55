import CommunityCore
import ServiceHost

await ServiceHost.main(CommunityService.self)
