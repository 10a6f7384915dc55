import AdminAPICore
import ServiceHost

await ServiceHost.main(AdminAPIService.self)
