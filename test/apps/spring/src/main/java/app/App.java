package app;

import java.util.Map;

import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;
import org.springframework.security.config.Customizer;
import org.springframework.security.config.annotation.web.builders.HttpSecurity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.security.oauth2.client.oidc.web.logout.OidcClientInitiatedLogoutSuccessHandler;
import org.springframework.security.oauth2.client.registration.ClientRegistration;
import org.springframework.security.oauth2.client.registration.ClientRegistrationRepository;
import org.springframework.security.oauth2.client.registration.ClientRegistrations;
import org.springframework.security.oauth2.client.registration.InMemoryClientRegistrationRepository;
import org.springframework.security.oauth2.core.oidc.user.OidcUser;
import org.springframework.security.web.SecurityFilterChain;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * A web app by Spring Security.  The settings carnet.* say what it was registered as, and
 * where it is.  / says who signed in.
 */
@SpringBootApplication(proxyBeanMethods = false)
@RestController
public class App {
	public static void main(String[] args) {
		String port = "";
		for (String arg : args)
			if (arg.startsWith("--carnet.port="))
				port = arg.substring(arg.indexOf('=') + 1);
		System.setProperty("server.port", port);
		System.setProperty("server.address", "127.0.0.1");
		SpringApplication.run(App.class, args);
	}

	@Bean
	ClientRegistrationRepository clients(@Value("${carnet.issuer}") String issuer,
			@Value("${carnet.client_id}") String id, @Value("${carnet.client_secret}") String secret) {
		return new InMemoryClientRegistrationRepository(
			ClientRegistrations.fromIssuerLocation(issuer).registrationId("carnet")
				.clientId(id).clientSecret(secret).scope("openid", "email")
				.clientSettings(ClientRegistration.ClientSettings.builder()
					.requireProofKey(true).build()).build());
	}

	@Bean
	SecurityFilterChain chain(HttpSecurity http, ClientRegistrationRepository clients,
			@Value("${carnet.url}") String url) throws Exception {
		OidcClientInitiatedLogoutSuccessHandler away =
			new OidcClientInitiatedLogoutSuccessHandler(clients);
		away.setPostLogoutRedirectUri(url + "/bye");
		return http.csrf(csrf -> csrf.disable()) // so that /logout is a link
			.authorizeHttpRequests(all -> all.requestMatchers("/bye").permitAll()
				.anyRequest().authenticated())
			.oauth2Login(Customizer.withDefaults())
			.logout(logout -> logout.logoutSuccessHandler(away)).build();
	}

	@GetMapping(path = "/", produces = "application/json")
	Map<String, String> home(@AuthenticationPrincipal OidcUser user) {
		return Map.of("sub", user.getSubject(), "email", user.getEmail());
	}

	@GetMapping(path = "/bye", produces = "text/plain")
	String bye() {
		return "bye";
	}
}
