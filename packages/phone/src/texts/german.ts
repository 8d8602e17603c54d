import type { Language, Words } from './keys.ts';

const youWereLost: Words = [
  'Verbindung verloren',
  'Sie waren zu lange offline.',
  'Prüfen Sie Ihr Netz und rufen Sie erneut an.',
];
const theyWereLost: Words = [
  'Verbindung verloren',
  '{name} ging offline und kam nicht zurück.',
  'Rufen Sie gleich noch einmal an.',
];
const youMayNot: Words = [
  'Keine Erlaubnis',
  'Ihr Browser darf {devices} nicht benutzen.',
  'Erlauben Sie es neben der Adresse dieser Seite und versuchen Sie es erneut.',
];
const theyMayNot: Words = [
  'Anruf fehlgeschlagen',
  '{name} hat nicht erlaubt, {devices} zu benutzen.',
  'Bitten Sie darum und rufen Sie erneut an.',
];
const youHaveNone: Words = [
  'Kein Gerät zum Sprechen',
  'Der Browser findet an diesem Gerät weder ein freies Mikrofon noch eine Kamera, wie der Anruf sie braucht.',
  'Schließen Sie eines an, beenden Sie andere Programme, die es nutzen, und versuchen Sie es erneut.',
];
const theyHaveNone: Words = [
  'Anruf fehlgeschlagen',
  '{name} kann {devices} nicht benutzen: Es ist keines angeschlossen.',
  'Bitten Sie darum, eines anzuschließen, und rufen Sie erneut an.',
];
const noWay: Words = [
  'Keine Verbindung',
  'Ton und Bild fanden keinen Weg zwischen Ihnen.',
  'Versuchen Sie es erneut oder aus einem anderen Netz: Vielleicht steht eine Firewall dazwischen.',
];
const signIn: Words = [
  'Abgemeldet',
  'Der Dienst kennt Sie nicht mehr.',
  'Melden Sie sich erneut an.',
];
const internal: Words = [
  'Ein Fehler',
  'Die Anwendung hat einen Fehler gemacht.',
  'Versuchen Sie es erneut. Bleibt es dabei, melden Sie es dem Betreiber.',
];
const busyService: Words = [
  'Dienst überlastet',
  'Der Dienst kann das gerade nicht ausführen.',
  'Versuchen Sie es gleich noch einmal.',
];
const unknownName: Words = [
  'Unbekannter Name',
  'Dieser Name kann hier nicht angerufen werden.',
  'Prüfen Sie die Schreibweise.',
];
const tooLate: Words = ['Zu spät', 'Der Anruf klingelt hier nicht mehr.'];

/** German, with the formal address. */
export const german: Language = {
  someone: 'die andere Seite',
  devices: {
    audio: 'das Mikrofon',
    video: 'Kamera und Mikrofon',
    any: 'Mikrofon oder Kamera',
  },
  words: {
    'end.completed': ['Anruf beendet', 'Der Anruf ist beendet.'],
    'end.completed.local': ['Anruf beendet', 'Sie haben aufgelegt.'],
    'end.completed.remote': ['Anruf beendet', '{name} hat aufgelegt.'],
    'end.declined': [
      'Anruf abgelehnt',
      'Der Anruf wurde abgelehnt.',
      'Versuchen Sie es später erneut.',
    ],
    'end.declined.local': ['Anruf abgelehnt', 'Sie haben den Anruf abgelehnt.'],
    'end.declined.remote': [
      'Anruf abgelehnt',
      '{name} hat den Anruf abgelehnt.',
      'Versuchen Sie es später erneut.',
    ],
    'end.busy': [
      'Besetzt',
      '{name} kann gerade keinen Anruf annehmen.',
      'Versuchen Sie es in einigen Minuten erneut.',
    ],
    'end.unanswered': [
      'Keine Antwort',
      'Niemand hat abgenommen.',
      'Versuchen Sie es später erneut.',
    ],
    'end.unanswered.local': [
      'Anruf verpasst',
      'Sie haben nicht rechtzeitig abgenommen.',
      'Rufen Sie {name} zurück.',
    ],
    'end.unanswered.remote': [
      'Keine Antwort',
      '{name} hat nicht abgenommen.',
      'Versuchen Sie es später erneut.',
    ],
    'end.canceled': ['Anruf abgebrochen', 'Der Anruf endete, bevor jemand abnahm.'],
    'end.canceled.local': ['Anruf abgebrochen', 'Sie haben aufgelegt, bevor jemand abnahm.'],
    'end.canceled.remote': [
      'Anruf verpasst',
      '{name} hat aufgelegt, bevor Sie abnahmen.',
      'Rufen Sie {name} zurück.',
    ],
    'end.unreachable': [
      'Nicht erreichbar',
      '{name} ist nicht online.',
      'Versuchen Sie es später erneut oder bitten Sie {name}, sich anzumelden.',
    ],
    'end.failed': ['Anruf fehlgeschlagen', 'Der Anruf ist abgebrochen.', 'Rufen Sie erneut an.'],
    'end.transferred': ['Anruf weitergegeben', 'Der Anruf wurde weitergegeben.'],
    'end.transferred.local': ['Anruf läuft weiter', 'Der Anruf läuft ohne diese Leitung weiter.'],
    'end.transferred.remote': ['Anruf weitergegeben', '{name} hat den Anruf weitergegeben.'],
    'end.terminated': [
      'Anruf beendet',
      'Der Dienst hat den Anruf beendet.',
      'Rufen Sie gleich noch einmal an.',
    ],
    'end.terminated.local': ['Anruf beendet', 'Sie haben den Anruf beendet.'],
    'end.terminated.remote': [
      'Aus dem Anruf entfernt',
      'Die Moderation hat Sie aus dem Anruf genommen.',
    ],
    'end.answered-elsewhere': [
      'Anderswo angenommen',
      'Sie haben diesen Anruf auf einem anderen Ihrer Geräte angenommen.',
    ],
    'end.declined-elsewhere': [
      'Anruf abgelehnt',
      'Sie haben diesen Anruf auf einem anderen Ihrer Geräte abgelehnt.',
    ],

    'cause.caller_lost': theyWereLost,
    'cause.caller_lost.local': youWereLost,
    'cause.caller_lost.remote': theyWereLost,
    'cause.callee_lost': theyWereLost,
    'cause.callee_lost.local': youWereLost,
    'cause.callee_lost.remote': theyWereLost,
    'cause.media_timeout': noWay,
    'cause.media_failed': noWay,
    'cause.permission_denied': theyMayNot,
    'cause.permission_denied.local': youMayNot,
    'cause.permission_denied.remote': theyMayNot,
    'cause.device_missing': theyHaveNone,
    'cause.device_missing.local': youHaveNone,
    'cause.device_missing.remote': theyHaveNone,
    'cause.maximum_length': [
      'Die Zeit ist um',
      'Der Anruf hat die längste erlaubte Dauer erreicht.',
      'Rufen Sie erneut an, um weiterzusprechen.',
    ],
    'cause.internal': internal,

    'error.call_not_found': [
      'Anruf nicht gefunden',
      'Es gibt diesen Anruf nicht, oder er gehört Ihnen nicht.',
    ],
    'error.call_ended': ['Anruf beendet', 'Der Anruf war schon beendet.', 'Rufen Sie erneut an.'],
    'error.answered_elsewhere': [
      'Anderswo angenommen',
      'Ein anderes Ihrer Geräte hat diesen Anruf angenommen.',
      'Sprechen Sie dort weiter.',
    ],
    'error.leg_lost': tooLate,
    'error.deadline_passed': [
      'Zu spät',
      'Es klingelte nicht mehr, als Sie abnahmen.',
      'Rufen Sie {name} zurück.',
    ],
    'error.wrong_state': [
      'Gerade nicht möglich',
      'Der Anruf ist nicht an einem Punkt, an dem das geht.',
      'Warten Sie einen Moment und versuchen Sie es erneut.',
    ],
    'error.cannot_dial_self': [
      'Das sind Sie',
      'Das ist Ihr eigener Name.',
      'Wählen Sie jemand anderen.',
    ],
    'error.invalid_address': unknownName,
    'error.address_unsupported': unknownName,
    'error.already_in_call': [
      'Zu viele Anrufe',
      'Sie führen schon so viele Anrufe, wie erlaubt sind.',
      'Beenden Sie zuerst einen davon.',
    ],
    'error.nothing_to_send': [
      'Nichts zu senden',
      'Ein Anruf braucht Ton oder Bild.',
      'Wählen Sie mindestens eines.',
    ],
    'error.not_permitted': [
      'Nicht erlaubt',
      'Ihre Rolle in diesem Anruf erlaubt das nicht.',
      'Fragen Sie die Moderation des Anrufs.',
    ],
    'error.participant_not_found': [
      'Nicht im Anruf',
      '{name} ist nicht im Anruf, oder nicht mehr.',
    ],
    'error.already_there': ['Schon dabei', '{name} ist schon im Anruf oder wird gerade angerufen.'],
    'error.callee_unavailable': [
      'Kann nicht kommen',
      '{name} ist gerade nicht zu erreichen.',
      'Versuchen Sie es später oder bei jemand anderem.',
    ],
    'error.call_full': [
      'Anruf voll',
      'Der Anruf hat keinen Platz für weitere Personen.',
      'Warten Sie, bis jemand geht.',
    ],
    'error.same_call': [
      'Derselbe Anruf',
      'Ein Anruf kann nicht mit sich selbst verbunden werden.',
      'Wählen Sie einen anderen Anruf.',
    ],

    'error.invalid_request': internal,
    'error.unknown_request': internal,
    'error.unauthorized': signIn,
    'error.command_reused': internal,
    'error.rate_limited': [
      'Zu schnell',
      'In kurzer Zeit wurde zu viel verlangt.',
      'Warten Sie einen Moment und versuchen Sie es erneut.',
    ],
    'error.store_unavailable': busyService,
    'error.internal': busyService,

    'error.connection_lost': [
      'Keine Verbindung',
      'Der Dienst ist nicht zu erreichen.',
      'Prüfen Sie Ihr Netz. Es wird von selbst erneut versucht.',
    ],
    'error.token_unavailable': [
      'Anmeldung nicht möglich',
      'Die Anwendung konnte nicht nachweisen, wer Sie sind.',
      'Es wird von selbst erneut versucht. Bleibt es dabei, melden Sie sich neu an.',
    ],
    'error.replaced': [
      'Anderswo geöffnet',
      'Dieses Telefon ist in einem anderen Tab oder Fenster geöffnet.',
      'Machen Sie dort weiter oder laden Sie diese Seite neu.',
    ],
    'error.client_closed': signIn,
    'error.request_expired': [
      'Keine Antwort vom Dienst',
      'Der Dienst hat nicht rechtzeitig geantwortet.',
      'Prüfen Sie Ihr Netz und versuchen Sie es erneut.',
    ],
    'error.command_superseded': ['Anruf beendet', 'Sie haben vorher aufgelegt.'],
    'error.queue_full': busyService,
    'error.breaker_open': busyService,
    'error.invalid_answer': internal,
    'error.server_unreachable': [
      'Keine Verbindung',
      'Der Dienst war nicht rechtzeitig zu erreichen.',
      'Prüfen Sie Ihr Netz und rufen Sie erneut an.',
    ],

    'error.invalid_dtmf': [
      'Nicht auf dem Tastenfeld',
      'Nur Ziffern, A bis D, Stern und Raute lassen sich senden.',
      'Prüfen Sie Ihre Eingabe.',
    ],
    'error.dtmf_unavailable': [
      'Keine Tastentöne',
      'Gerade lassen sich keine Tastentöne senden.',
      'Setzen Sie den Anruf zuerst fort.',
    ],
    'error.audio_output_unavailable': [
      'Lautsprecher nicht verfügbar',
      'Der Ton kann dort nicht ausgegeben werden.',
      'Wählen Sie einen anderen Lautsprecher.',
    ],
    'error.device_unavailable': [
      'Gerät nicht verfügbar',
      'Dieses Gerät lässt sich nicht benutzen.',
      'Prüfen Sie, ob es angeschlossen und frei ist, oder wählen Sie ein anderes.',
    ],

    'error.phone_closed': [
      'Telefon geschlossen',
      'Dieses Telefon ist geschlossen.',
      'Laden Sie die Seite neu.',
    ],
    'error.no_other_call': [
      'Kein anderer Anruf',
      'Es gibt keinen anderen Anruf, zu dem Sie wechseln können.',
    ],
    'error.signal_refused': noWay,
    'error.invalid_option': internal,
    'error.unknown': [
      'Das hat nicht geklappt',
      'Etwas ist schiefgegangen.',
      'Versuchen Sie es gleich noch einmal.',
    ],
  },
};
